"""Dashboards from a terminal, from Python, and from Python elsewhere: the same thing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import footfall
from footfall.errors import Conflict, Invalid
from tests.cli.shell import refused, run_here
from tests.dashboards.shop import beer, retail, shop_cut
from tests.studio.fakes import FakeShop, studio


def told(home: Path, *arguments: str) -> str:
    done = run_here("dashboard", *arguments, "--home", str(home))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop_cut(tmp_path_factory.mktemp("access")).home.root


def test_in_a_terminal(home: Path, tmp_path: Path) -> None:
    """Files in and out, drafts, links by their ids; a mistake is a sentence with its path."""
    file = tmp_path / "retail.json"
    file.write_text(json.dumps(retail()))
    assert told(home, "apply", str(file)) == "retail: version 1, published"
    shown = told(home, "show", "retail")
    file.write_text(shown)
    assert told(home, "apply", str(file), "--draft") == "retail: version 2, draft"
    assert told(home, "show", "retail", "--published") == shown
    assert "published with a draft, version 2" in told(home, "list")
    (home / "footfall.toml").write_text("[studio]\npublic_url = 'https://shop.example'\n")
    assert told(home, "share", "retail").startswith("https://shop.example/shared#")
    assert told(home, "unshare", "retail") == "1 link ended"
    file.write_text('{"title": "x", "sheets": [{"title": 1}]}')
    wrong = run_here("dashboard", "apply", str(file), "--home", str(home))
    assert (wrong.returncode, "sheets[0].title: Expected `str`" in wrong.stderr) == (2, True)
    assert "no dashboard 'x'; there are: retail" in refused(
        "dashboard", "show", "x", "--home", str(home)
    )
    told(home, "remove", "retail")
    assert told(home, "ready").startswith("user-life-cycle: User life cycle. From the first")
    assert "no such app" in refused(
        "dashboard", "ready", "content", "--app", "x", "--home", str(home)
    )
    assert told(home, "ready", "content") == "content: version 1, published"
    again = run_here("dashboard", "ready", "content", "--home", str(home))
    assert (again.returncode, "open it, or remove it first: content" in again.stderr) != (0, True)
    told(home, "remove", "content")
    assert told(home, "list") == ""


def test_in_python_here_and_elsewhere(home: Path) -> None:
    """`project.dashboards` keeps the same dashboards in a home and behind a studio."""
    shop = FakeShop(footfall.open(home)._home)
    with studio(shop) as running, footfall.open(home) as here:
        far = footfall.open(running.link)
        for keeper, other, made in ((here, far, retail()), (far, here, beer())):
            name = made["title"].split()[0].lower()
            created = keeper.dashboards.create(name, made)
            assert other.dashboards.get(name) == created
            with pytest.raises(Conflict):
                keeper.dashboards.create(name, made)
            with pytest.raises(Invalid) as wrong:
                keeper.dashboards.apply(name, {**made, "titel": 1, "zone": "x"})
            assert len(wrong.value.problems) == 2
            path = keeper.dashboards.share(name)
            assert path.startswith("/shared#")
            assert other.dashboards.unshare(name) == 1
            added = keeper.dashboards.add_ready("acquisition")
            assert (
                added.definition
                == {one.name: one for one in keeper.dashboards.ready()}["acquisition"].definition
            )
            with pytest.raises(Conflict, match="there is a dashboard of this name already"):
                other.dashboards.add_ready("acquisition")
            other.dashboards.delete("acquisition")
        assert here.dashboards.list() == far.dashboards.list()
        assert repr(far.dashboards) == "<dashboards: beer, retail>"
        for name in ("beer", "retail"):
            far.dashboards.delete(name)
            with pytest.raises(Invalid):
                far.dashboards.get(name)
        assert here.dashboards.list() == ()
