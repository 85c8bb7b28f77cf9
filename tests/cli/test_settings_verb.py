"""`footfall settings`: every setting explains itself, and says where its value came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from footfall.reference import describe
from tests.cli.shell import refused
from tests.cli.shell import run_here as run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One value from the file."""
    root = tmp_path / "home"
    root.mkdir(mode=0o700)
    (root / "footfall.toml").write_text('[pipeline]\nlease = "20s"\n[query]\nthreads = 3\n')
    return root


def test_one_setting_by_name(home: Path) -> None:
    """Value, unit, default, source, meaning: all that is needed to change it."""
    assert run("settings", "pipeline.lease", "--home", str(home)).stdout == (
        'pipeline.lease = "20s"\n'
        f'    duration (ms, s, m, h, d); default "15s", set by {home}/footfall.toml\n'
        "    A pipeline on another machine takes over when the writer was silent this\n"
        "    long. Shorter: sooner, but a busy writer may lose it.\n"
    )


def test_each_source_is_named(home: Path) -> None:
    """The nearer to the person, the stronger; and one sees which it was."""
    done = run(
        *("settings", "--changed", "--json", "--home", str(home)),
        *("--set", "log.bytes_max=10GiB", "--set", "query.threads=1"),
        environ={"FOOTFALL__COLLECTOR__PORT": "7800", "FOOTFALL__QUERY__THREADS": "4"},
    )
    found = {
        one["name"]: (one["value"], one["default"], one["source"])
        for one in json.loads(done.stdout)
    }
    assert found == {
        "collector.port": (7800, 7700, "environment FOOTFALL__COLLECTOR__PORT"),
        "log.bytes_max": ("10GiB", "unlimited", "command line"),
        "pipeline.lease": ("20s", "15s", f"{home}/footfall.toml"),
        "query.threads": (1, 2, "command line"),
    }


def test_all_of_them_fit_eighty_columns(home: Path) -> None:
    """Read in a terminal, found by searching it."""
    done = run("settings", "--home", str(home))
    lines = done.stdout.splitlines()
    named = [line.partition(" = ")[0] for line in lines if line and not line.startswith(" ")]
    assert named == [setting.name for setting in describe()]
    explained = [line for line in lines if str(home) not in line]
    assert max(map(len, explained)) <= 80
    assert done.stderr == ""


def test_a_section(home: Path) -> None:
    """What belongs together is changed together."""
    done = run("settings", "disk", "--home", str(home))
    assert [line.split(" = ")[0] for line in done.stdout.splitlines() if line[:1] == "d"] == [
        "disk.alarm_before",
        "disk.free_min",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("disk.free", "no setting 'disk.free'; there are: disk.alarm_before, disk.free_min"),
        ("dish", "no setting 'dish'; there are: collector, connections, log, pipeline, decode,"),
    ],
)
def test_what_is_none_is_refused_with_those_there_are(name: str, said: str, home: Path) -> None:
    """The rest of the section, or the sections."""
    assert refused("settings", name, "--home", str(home)).startswith(said)


def test_before_the_first_start_it_says_so(tmp_path: Path) -> None:
    """The settings that `serve` would begin with, and no directory is made."""
    done = run("settings", "query.threads", cwd=tmp_path)
    assert done.stdout.startswith("query.threads = 2\n    threads; as delivered\n")
    assert done.stderr == (
        f"footfall: nothing is installed in {tmp_path}/footfall-data yet: it would start with"
        " these\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_mistakes_are_told_as_at_the_start(home: Path) -> None:
    """It is the way to try a file before a restart."""
    (home / "footfall.toml").write_text("[query]\nthreads = 0\n")
    done = run("settings", "--home", str(home))
    assert done.returncode == 2
    assert "query.threads: Expected `int` >= 1" in done.stderr
