"""After a restore and an upgrade SQL answers, without a server, and the counts are told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import footfall
from footfall.cli.operating.ready import make_ready
from footfall.errors import Conflict
from footfall.home import Home
from tests.homes.kept import unpack, versions

COUNT = "SELECT count(*) AS n FROM events"


def _footfall(*arguments: str) -> tuple[str, str]:
    command = [sys.executable, "-m", "footfall.cli.main", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("version", versions())
def test_sql_answers_after_upgrade_and_after_restore(version: str, tmp_path: Path) -> None:
    """The kept home was killed within an epoch: what only its log has is counted, too."""
    home, again = tmp_path / "home", tmp_path / "again"
    held = unpack(version, home)
    events = len(held["own_events"]) + held["aws_events"]
    sessions = len({row[4] for row in held["rows"]} - {None})
    said = f"default: {events:,} events, {sessions:,} sessions"
    upgraded, _ = _footfall("upgrade", "--home", str(home))
    assert upgraded.splitlines()[-1] == said
    _footfall("backup", str(tmp_path / "backup"), "--home", str(home))
    restored, _ = _footfall("restore", str(tmp_path / "backup"), "--home", str(again))
    assert restored.splitlines()[0].startswith("restored: all that was acknowledged before ")
    assert restored.splitlines()[1:] == [said]
    for place in (home, again):
        with footfall.open(place) as lake:
            assert lake.sql(COUNT).rows() == [{"n": events}]
    nothing, _ = _footfall("upgrade", "--home", str(home))
    assert nothing == "nothing to do\n"


def test_what_a_start_would_meet_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The restore is done by then: its last line says what is missing and when it comes."""
    home = Home(tmp_path)
    home.log_dir("default").mkdir(parents=True)

    def fail(*_: object) -> None:
        raise Conflict("another pipeline of this project runs")

    monkeypatch.setattr("footfall.pipeline._catch_up.catch_up", fail)
    make_ready(home)
    told = "SQL answers after the next start: another pipeline of this project runs"
    assert capsys.readouterr() == ("", f"footfall: default: {told}\n")
