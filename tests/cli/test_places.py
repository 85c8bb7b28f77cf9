"""Homes and projects that are not there are refused with those that are; projects are listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from footfall.home import Home
from footfall.ledger import Ledger
from footfall.metadata import Metadata
from footfall.positions import Positions
from tests.cli.shell import refused
from tests.cli.shell import run_here as run

PER_PROJECT = (
    ("status",),
    ("sql", "SELECT 1"),
    ("tables",),
    ("doctor",),
    ("maintain",),
    ("repair",),
    ("key", "list"),
    ("worker",),
)
MAKE_HOMES = (("serve",), ("key", "create", "x"))
PER_HOME = (("backup", "target"), ("upgrade",), ("project", "list"), ("key", "revoke", "web"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two projects, one of them with an app; `wrong` beside it is none."""
    root = tmp_path_factory.mktemp("places") / "footfall-data"
    made = run("key", "create", "web", "--home", str(root))
    assert made.returncode == 0, made.stderr
    made = run("project", "create", "shop", "--home", str(root))
    assert "footfall key create APP --project shop" in made.stdout
    return root


@pytest.mark.parametrize("verb", [*PER_PROJECT, *MAKE_HOMES], ids=" ".join)
def test_unknown_project_is_refused_with_those_there_are(verb: tuple[str, ...], home: Path) -> None:
    """A typo must not show an empty project, and must not make one."""
    before = sorted(path for path in home.rglob("*") if "metadata.db-" not in path.name)
    arguments = (*verb, "--home", str(home), "--project", "shpo")
    assert refused(*arguments) == (
        "no project 'shpo'; there are: default, shop; make it with: footfall project create shpo"
    )
    after = sorted(path for path in home.rglob("*") if "metadata.db-" not in path.name)
    assert after == before


@pytest.mark.parametrize("verb", [*PER_PROJECT, *PER_HOME], ids=" ".join)
def test_unknown_home_is_refused_with_those_near_by(verb: tuple[str, ...], home: Path) -> None:
    """Beside the one that was named, and where the person is."""
    wrong = home.with_name("wrong")
    assert refused(*verb, "--home", str(wrong), cwd=home.parent) == (
        f"nothing is installed in {wrong}; there are: {home}; start one with: footfall serve"
    )
    assert not wrong.exists()


def test_an_empty_place_says_so(tmp_path: Path) -> None:
    """And what to do."""
    assert refused("status", cwd=tmp_path) == (
        f"nothing is installed in {tmp_path}/footfall-data; there is none beside it;"
        " start one with: footfall serve"
    )


def test_a_directory_that_has_logs_of_others_is_no_home(tmp_path: Path) -> None:
    """`/var` has a `log`, too."""
    (tmp_path / "var" / "log" / "nginx").mkdir(parents=True)
    said = refused("status", "--home", str(tmp_path / "var"), cwd=tmp_path)
    assert said.startswith(f"nothing is installed in {tmp_path}/var; there is none beside it;")


def test_a_damaged_home_is_one(tmp_path: Path) -> None:
    """`doctor` and `repair` are for homes that lost something, the metadata for example."""
    (tmp_path / "log" / "default").mkdir(parents=True)
    (tmp_path / "log" / "default" / "00000000000000000000.db").touch()
    done = run("doctor", "--home", str(tmp_path))
    assert "nothing is installed there yet" in done.stdout


def test_a_name_that_no_project_can_have(tmp_path: Path) -> None:
    """It would be a path."""
    said = refused("serve", "--home", str(tmp_path / "new"), "--project", "../x")
    assert said == "not a project's name, letters, digits and .-_ only: '../x'"


def test_projects_are_listed_with_apps_keys_and_counts(home: Path) -> None:
    """What a person needs to send to the right one."""
    metadata = Metadata.open(Home(home))
    metadata.create_server_key("default", "web")
    metadata.plan_epoch(
        "shop", 1, log_from=Positions(), log_to=Positions((9,)), watermark=0, plan="{}"
    )
    ledger = Ledger(requests=9, decoded=8, undecodable=1, records=1234, events=1230, failed=4)
    metadata.commit_epoch("shop", 1, ledger)
    write_ids = [key.write_id for key in metadata.write_ids("default")]
    metadata.close()
    done = run("project", "list", "--home", str(home))
    assert done.stdout.splitlines() == [
        "default: in the lake 0 events, 0 failed; 0 requests",
        f"  web                write ids: {' '.join(write_ids)}, server keys: 1",
        "shop: in the lake 1,230 events, 5 failed; 9 requests",
        "  no app yet: footfall key create APP --project shop",
    ]
    shown = json.loads(run("project", "list", "--json", "--home", str(home)).stdout)
    assert [(one["project"], one["events"]) for one in shown] == [("default", 0), ("shop", 1230)]
    assert shown[0]["apps"][0]["write_ids"] == write_ids
