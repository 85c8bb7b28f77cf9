"""Started with the widest mask there is, nothing that a whole server writes is open to others."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.home import Home
from tests.homes.kept import unpack, versions
from tests.system.tree import post_events, running


@pytest.fixture
def open_mask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _open_to_others(root: Path) -> list[str]:
    return [
        f"{stat.S_IMODE(path.lstat().st_mode):o} {path.relative_to(root)}"
        for path in (root, *root.rglob("*"))
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]


def _footfall(*arguments: str) -> str:
    command = [sys.executable, "-m", "footfall.cli.main", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
def test_everything_that_is_written_is_its_owners(tmp_path: Path, open_mask: None) -> None:
    """Each file and each directory, while it runs and afterwards.

    Log, lake with Parquet, tail, checkpoints, databases and their logs, runtime files, backups,
    exports, a restored home.
    """
    home, target, again = tmp_path / "home", tmp_path / "backup", tmp_path / "again"
    with running(home) as tree:
        for _ in range(3):
            event = {"name": "page_view", "visitor_id": "v"}
            assert post_events(tree.collector_url(), "web", [event]) == 200
        assert _open_to_others(home) == []
        assert tree.stop() == 0, tree.errors()
    assert list(home.glob("lake/**/*.parquet"))
    assert list(home.glob("state/**/note.json"))
    export = tmp_path / "events.parquet"
    _footfall("sql", "SELECT * FROM events", "-o", str(export), "--home", str(home))
    _footfall("maintain", "--home", str(home))
    _footfall("backup", str(target), "--home", str(home))
    _footfall("restore", str(target), "--home", str(again))
    _footfall("doctor", "--home", str(home))
    for root in (home, target, again):
        assert _open_to_others(root) == []
    assert stat.S_IMODE(export.stat().st_mode) == 0o600


@pytest.mark.parametrize("version", versions())
def test_home_of_an_earlier_version_is_closed(version: str, tmp_path: Path) -> None:
    """The first verb closes it and says so in one line; the next has nothing to say."""
    home = tmp_path / "home"
    unpack(version, home)
    home.chmod(0o755)
    assert f"closed to other users: {home}" in _footfall("status", "--home", str(home))
    others = [
        line for line in _open_to_others(home) if not line.partition(" ")[2].startswith("lake")
    ]
    assert [line for line in others if Home(home).settings_file.name not in line] == []
    assert "closed to other users" not in _footfall("status", "--home", str(home))
