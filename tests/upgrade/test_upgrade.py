"""Older homes are brought up to date in steps that may be interrupted; newer ones are refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.cli.main import run
from footfall.errors import Invalid
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.upgrade import FORMAT, needs_upgrade, read_format, stamp_new, upgrade
from footfall.upgrade import _upgrade as module
from footfall.upgrade._format import OLDEST
from tests.homes.kept import unpack

VERBS = (
    ("serve",),
    ("status",),
    ("sql", "SELECT 1"),
    ("doctor",),
    ("key", "list"),
    ("collector",),
    ("worker",),
    ("studio",),
    ("upgrade",),
    ("backup", "target"),
    ("maintain",),
    ("repair",),
)


@pytest.fixture
def first(tmp_path: Path) -> Home:
    """A home without a number, which is taken for one of the oldest format."""
    home = Home(tmp_path / "home")
    Metadata.open(home).close()
    return home


def test_steps_run_in_order_once_and_go_on_where_they_were_interrupted(
    first: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash within a step repeats that step; those before it are not repeated."""
    done: list[int] = []
    crashes = {4, 5}

    def step(number: int) -> module.Step:
        def run(_: Home) -> None:
            done.append(number)
            if number in crashes:
                crashes.remove(number)
                raise KeyboardInterrupt

        return run

    steps = {number: step(number) for number in (3, 4, 5)}
    monkeypatch.setattr("footfall.upgrade._format.FORMAT", 5)
    for expected in (3, 4):
        with pytest.raises(KeyboardInterrupt):
            upgrade(first, steps)
        assert read_format(first) == expected
    assert upgrade(first, steps) == ["format 5"]
    assert done == [3, 4, 4, 5, 5]
    assert upgrade(first, steps) == []


def test_every_format_since_the_oldest_has_its_step() -> None:
    """A number without a step would leave homes behind."""
    assert sorted(module.STEPS) == list(range(OLDEST + 1, FORMAT + 1))


def test_home_without_a_number_gets_one(first: Home) -> None:
    """And one that is new has it from the start."""
    assert needs_upgrade(first)
    upgrade(first)
    assert not needs_upgrade(first)
    assert read_format(first) == FORMAT
    new = Home(first.root.parent / "new")
    stamp_new(new)
    Metadata.open(new).close()
    assert not needs_upgrade(new)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_newer_home_is_refused_by_every_verb_in_one_sentence(
    first: Home, verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """An older program must not write, or misread, what it does not know."""
    first.format_file.write_text(f'{{"format": {FORMAT + 1}}}')
    before = {path: path.stat().st_mtime_ns for path in first.root.rglob("*")}
    monkeypatch.setattr("sys.argv", ["footfall", *verb, "--home", str(first.root)])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("footfall: a newer version of Footfall wrote this home")
    assert told.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in first.root.rglob("*")} == before


def test_newer_home_is_refused_in_python(first: Home) -> None:
    """Notebooks, too."""
    first.format_file.write_text(f'{{"format": {FORMAT + 1}}}')
    with pytest.raises(Invalid, match="newer version"):
        footfall.open(first.root)


def test_two_upgrades_at_once_are_refused(first: Home) -> None:
    """The second would work on half-made files of the first."""

    def step(_: Home) -> None:
        with pytest.raises(Exception, match="another process upgrades"):
            upgrade(first)

    upgrade(first, {3: step})
    shutil.rmtree(first.root)


@pytest.mark.parametrize("verb", [("sql", "SELECT 1"), ("backup", "target")], ids=["sql", "backup"])
def test_moved_home_says_what_to_do(
    verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Its cut and its catalog name files of the place it came from, where another may be at work.

    Once it is upgraded it answers at once, from a new cut.
    """
    home = Home(tmp_path / "home")
    unpack("0.1.0", home.root)
    home.root.chmod(0o700)
    job = home.maintenance_dir("default") / "job.json"
    job.parent.mkdir()
    job.write_text('{"remove": ["file:///srv/footfall/lake/default/events/data/a.parquet"]}')

    def told(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["footfall", *arguments, "--home", str(tmp_path / "home")])
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as ended:
            run()
        return int(str(ended.value.code)), capsys.readouterr().err

    code, message = told(*verb)
    assert (code, message.count("\n")) == (2, 1)
    assert "moved here" in message
    assert "footfall upgrade" in message
    assert told("upgrade") == (0, "")
    assert told(*verb)[0] == 0
    assert not job.exists()
