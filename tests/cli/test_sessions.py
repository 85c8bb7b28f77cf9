"""`footfall sessions`: each verb on a project that lives, mistakes in words, a killed fill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall import redefine
from footfall.clock import SECOND
from tests.cli.shell import run_here
from tests.redefine.test_history import Run

KILLED = """
import os, signal, sys
from footfall.redefine import filling, slices
os.nice = lambda _: 0  # a test waits for it
slices.EVENTS_MAX, filling.COMMIT_SLICES = 12, 2
told = filling._Fill._commit
def commit_and_die(self, until, state):
    told(self, until, state)
    os.kill(os.getpid(), signal.SIGKILL)
filling._Fill._commit = commit_and_die
from footfall.cli.main import run
sys.argv = ["footfall", "sessions", "fill", "--home", sys.argv[1]]
run()
"""
SETTINGS = '[sessions]\ngap = "5m"\nhot_age = "10m"\nfile_rows_min = 1\n'


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """The settings' file says what the running project was told."""
    made = Run(tmp_path, 4)
    made.bench.home.settings_file.write_text(SETTINGS)
    for _ in range(5):
        made.send()
    yield made
    made.bench.stop_consumers()


def _said(run: Run, *arguments: str) -> str:
    done = run_here("sessions", *arguments, "--home", str(run.bench.home.root))
    assert done.returncode == 0, done.stderr
    return done.stdout


def _refused(run: Run, *arguments: str) -> str:
    return _sentence(run.bench.home.root, *arguments)


def _sentence(home: Path, *arguments: str) -> str:
    """The one with which the verb refuses."""
    done = run_here("sessions", *arguments, "--home", str(home))
    assert (done.returncode in (1, 2), done.stdout, done.stderr.count("\n")) == (True, "", 1), done
    return done.stderr


def _listed(run: Run) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads(_said(run, "list", "--json"))}


def _killed(run: Run) -> int:
    """How the process ended that does `footfall sessions fill`, after its first commit."""
    arguments = [sys.executable, "-c", KILLED, str(run.bench.home.root)]
    return subprocess.run(arguments, capture_output=True, check=False).returncode


@pytest.mark.slow
def test_every_verb_and_a_fill_that_is_killed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defined, killed twice while it is filled, whole, compared, switched to and back, dropped."""
    monkeypatch.setattr("os.nice", lambda _: 0)  # `fill` makes its process one of low priority
    said = _said(run, "define", "quick", "gap=20m", "length_max=2h", "events_max=3")
    assert "defined quick.1; the server begins with it" in said
    assert "waits for the server" in _said(run, "list")
    assert "is there" in _refused(run, "define", "quick", "gap=1m")
    run.turn(2 * SECOND)
    assert "its past is not computed yet" in _refused(run, "switch", "quick")

    done = []
    for _ in range(2):
        assert _killed(run) == -signal.SIGKILL
        rows = run.bench.tables()["other_sessions"]
        done.append(rows.num_rows)
        assert _listed(run)["quick"]["state"] == "fills"
        before = run.seen("sessions")
        run.send()  # the live path goes on, whatever becomes of the other process
        assert run.seen("sessions").keys() != before.keys()
    assert 0 < done[0] < done[1], "what was written before the kill stays, and it went on"
    last = _said(run, "fill")
    assert last.startswith("quick.1: ")
    assert "its past is whole" in last
    assert "nothing to compute" in _said(run, "fill")
    run.end()
    assert run.seen("sessions_quick") == run.truth("quick")
    rows = run.bench.tables()["other_sessions"].select(["session_id", "revision"])
    assert rows.num_rows == rows.group_by(["session_id", "revision"]).aggregate([]).num_rows

    [first, *_] = _said(run, "list").splitlines()
    assert first.split()[:3] == ["*", "gap.1", "whole"]
    assert "gap=5m length_max=1d events_max=100000" in first
    compared = _said(run, "diff", "gap", "quick")
    found = json.loads(_said(run, "diff", "gap", "quick", "--json"))
    assert found["b"]["sessions"] == len(run.truth("quick"))
    assert f"{found['a']['sessions']:,}" in compared.splitlines()[1]
    assert f"visitors whose sessions differ: {found['visitors_differing']}" in compared
    assert "switched to quick" in _said(run, "switch", "quick")
    run.turn(2 * SECOND)
    assert run.seen("sessions") == run.truth("quick")
    assert "switch to another" in _refused(run, "drop", "quick")
    _said(run, "switch", "gap")
    assert "dropped quick" in _said(run, "drop", "quick")
    run.turn(2 * SECOND)
    assert list(_listed(run)) == ["gap"]
    settings = run.bench.settings.sessions
    assert redefine.listed(run.metadata, settings, "default")[0].is_default


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("define", "Quick!", "gap=5m"), "a name of lower-case letters"),
        (("define", "quick", "gap"), "an option is NAME=VALUE"),
        (("define", "quick", "gap=soon"), "a whole number and a unit"),
        (("define", "quick", "kind=step"), "step is missing"),
        (("define", "quick", "colour=red"), "has no option colour"),
        (("define", "quick", "key=colour"), "key is made of visitor_id"),
        (("define", "quick", "cut_on_user=often"), "quick"),
        (("switch", "none"), "no definition 'none'; there are: gap"),
        (("diff", "gap", "none"), "no definition 'none'; there are: gap"),
        (("drop", "none"), "none of those has this name"),
        (("drop", "gap"), "none of those has this name"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_said_in_words(one_home: Path, arguments: tuple[str, ...], says: str) -> None:
    """No traceback, and what is valid."""
    assert says in _sentence(one_home, *arguments)


@pytest.fixture(scope="module")
def one_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One epoch of one visitor, for those that change nothing."""
    made = Run(tmp_path_factory.mktemp("mistakes"), 1)
    made.bench.home.settings_file.write_text(SETTINGS)
    made.send()
    yield made.bench.home.root
    made.bench.stop_consumers()
