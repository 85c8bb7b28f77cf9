"""What a backup keeps, what it refuses, and what an interruption leaves."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.backup import _backup as module
from footfall.backup import back_up, finish_restore, restore
from footfall.backup._store import Store
from footfall.cli.main import run
from footfall.cli.operating.doctor import checks
from footfall.errors import Conflict, Corrupt, DiskFull, Invalid, Unavailable
from footfall.home import Home
from footfall.lake import Lake
from footfall.machine.process import exclusive
from footfall.metadata import Metadata
from footfall.upgrade import check_format, upgrade
from tests.homes.kept import unpack

ROWS = 111 + 15
"""Events and failed events that the kept home's lake has."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with nine epochs, checkpoints, one open epoch, and a log that goes on."""
    root = tmp_path_factory.mktemp("backup") / "home"
    unpack("0.1.0", root)
    upgrade(Home(root))
    return root


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    found = Home(tmp_path / "home")
    shutil.copytree(template, found.root)
    upgrade(found)
    return found


def _restored(source: Path, root: Path) -> Home:
    found = Home(root)
    restore(source, found)
    assert [c.message for c in checks(found, "default") if c.state == "broken"] == []
    finish_restore(found)
    check_format(found)
    return found


def _rows(home: Home) -> int:
    lake = Lake(home.lake_dir, "default")
    return sum(lake.read(table).num_rows for table in ("events", "failed_events"))


def _checkpoints(home: Home) -> list[Path]:
    return sorted(home.state_dir("default").glob("checkpoint-*"))


def _log_end(home: Home) -> int:
    newest = max(home.log_dir("default").glob("*.db"))
    with contextlib.closing(sqlite3.connect(newest)) as connection:
        query = "SELECT max(first_offset + records) FROM record_groups"
        return int(connection.execute(query).fetchone()[0])


def test_restored_home_has_everything(home: Home, tmp_path: Path) -> None:
    """Log, lake, checkpoints, settings and keys, elsewhere; nothing of the old place is used."""
    end = _log_end(home)
    checkpoints = [path.name for path in _checkpoints(home)]
    job = home.maintenance_dir("default") / "job.json"
    job.parent.mkdir()
    job.write_text("{}")  # names files by absolute path, as of now
    back_up(home, tmp_path / "backup")
    shutil.rmtree(home.root)
    again = _restored(tmp_path / "backup", tmp_path / "again")
    assert (_rows(again), _log_end(again)) == (ROWS, end)
    assert again.settings_file.exists()
    assert not again.maintenance_dir("default").exists()
    assert len(checkpoints) == 2
    assert [path.name for path in _checkpoints(again)] == checkpoints
    assert sorted(p.name for p in again.root.iterdir() if p.is_dir()) == ["lake", "log", "state"]


def test_restored_in_place_it_needs_no_older_snapshot(home: Home, tmp_path: Path) -> None:
    """At the same path nothing says "moved"; yet the files of older snapshots are not there."""
    lake = Lake(home.lake_dir, "default")
    lake.write_as(lake.term())
    rows = lake.read("session_changes").slice(0, 1)
    for epoch in (101, 102):
        assert lake.commit("session_changes", rows, epoch)
    assert len(lake._reload("session_changes").metadata.snapshots) > 1
    back_up(home, tmp_path / "backup")
    shutil.rmtree(home.root)
    again = _restored(tmp_path / "backup", home.root)
    table = Lake(again.lake_dir, "default")._reload("session_changes")
    assert len(table.metadata.snapshots) == 1
    assert _rows(again) == ROWS


def test_home_that_never_ran_is_restored_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys that were handed out are worth a backup before the first event."""
    home = Home(tmp_path / "home")
    for arguments in (
        ("key", "create", "web", "--home", str(home.root)),
        ("backup", str(tmp_path / "backup"), "--home", str(home.root)),
        ("restore", str(tmp_path / "backup"), "--home", str(tmp_path / "again")),
        ("doctor", "--home", str(tmp_path / "again")),
    ):
        monkeypatch.setattr("sys.argv", ["footfall", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code == 0, arguments
    again = Metadata.open(Home(tmp_path / "again"))
    assert [app.app_id for app in again.apps("default")] == ["web"]
    again.close()


def test_second_backup_copies_only_what_is_new(home: Home, tmp_path: Path) -> None:
    """And what no backup names any more is removed."""
    first = back_up(home, tmp_path / "backup")
    assert first.files_written == len(list((tmp_path / "backup" / "objects").rglob("*/*")))
    assert first.files_written > 50
    again = back_up(home, tmp_path / "backup")
    assert (again.files_written, again.bytes_written) == (0, 0)
    assert again.files == first.files
    shutil.rmtree(_checkpoints(home)[0])
    (home.root / "footfall.toml").write_text("# changed\n")
    changed = back_up(home, tmp_path / "backup")
    assert changed.files_written == 1
    named = {stored.digest for stored in Store(tmp_path / "backup").manifest().files}
    kept = {file.name for file in (tmp_path / "backup" / "objects").rglob("*/*")}
    assert kept == named


class _Killed(BaseException):
    """The process died here."""


def _dying_store(monkeypatch: pytest.MonkeyPatch, method: str, at: int) -> None:
    real = getattr(Store, method)
    calls = 0

    def die(*arguments: object) -> object:
        nonlocal calls
        calls += 1
        if calls > at:
            raise _Killed
        return real(*arguments)

    monkeypatch.setattr(Store, method, die)


def test_interrupted_backup_leaves_the_one_before_whole(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects never change and the manifest comes last; a first one is no backup until then."""
    for at in (0, 7, 50):
        with monkeypatch.context() as patch:
            _dying_store(patch, "add", at)
            with pytest.raises(_Killed):
                back_up(home, tmp_path / "backup")
        with pytest.raises(Invalid, match="no whole backup"):
            restore(tmp_path / "backup", Home(tmp_path / "none"))
        assert not (tmp_path / "none").exists()
    back_up(home, tmp_path / "backup")
    (home.root / "footfall.toml").write_text("# newer\n")
    with monkeypatch.context() as patch:
        _dying_store(patch, "publish", 0)
        with pytest.raises(_Killed):
            back_up(home, tmp_path / "backup")
    again = _restored(tmp_path / "backup", tmp_path / "again")
    assert again.settings_file.read_text() != "# newer\n"
    assert _rows(again) == ROWS


def test_interrupted_restore_is_refused_by_every_verb_and_done_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home with half of its log would start, and be wrong."""
    back_up(home, tmp_path / "backup")
    target = Home(tmp_path / "again")
    for at in (0, 30, 50):
        with monkeypatch.context() as patch:
            _dying_store(patch, "extract", at)
            with pytest.raises(_Killed):
                restore(tmp_path / "backup", target)
        with pytest.raises(Invalid, match="run footfall restore again"):
            check_format(target)
    assert _rows(_restored(tmp_path / "backup", target.root)) == ROWS


def test_damaged_backup_is_told_and_nothing_can_be_opened(home: Home, tmp_path: Path) -> None:
    """Every byte is checked against the manifest."""
    back_up(home, tmp_path / "backup")
    largest = max((tmp_path / "backup" / "objects").rglob("*/*"), key=lambda f: f.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)
    target = Home(tmp_path / "again")
    with pytest.raises(Corrupt, match="is damaged; use another"):
        restore(tmp_path / "backup", target)
    with pytest.raises(Invalid, match="not finished"):
        check_format(target)
    largest.unlink()
    with pytest.raises(Corrupt, match="lacks a file"):
        restore(tmp_path / "backup", target)


def test_what_would_be_lost_is_left_alone(home: Home, tmp_path: Path) -> None:
    """Another home, somebody's files, a disk that is too small."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(Invalid, match="not a backup"):
        back_up(home, other)
    with pytest.raises(Invalid, match="must not lie in its home"):
        back_up(home, home.root / "backup")
    back_up(home, tmp_path / "backup")
    with pytest.raises(Invalid, match="something is there"):
        restore(tmp_path / "backup", home)
    with pytest.raises(Invalid, match="something is there"):
        restore(tmp_path / "backup", Home(other))
    copy = Home(tmp_path / "copy")
    shutil.copytree(home.root, copy.root)
    with pytest.raises(Invalid, match="was moved here"):
        back_up(copy, tmp_path / "backup")
    upgrade(copy)
    with pytest.raises(Invalid, match="backup of another home"):
        back_up(copy, tmp_path / "backup")
    with (
        exclusive(tmp_path / "backup" / "backup.lock", "x"),
        pytest.raises(Conflict, match="another backup"),
    ):
        back_up(home, tmp_path / "backup")


def test_restore_that_would_not_fit_writes_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk would stop whatever else runs on it."""
    back_up(home, tmp_path / "backup")
    monkeypatch.setattr("footfall.backup._restore.free_bytes", lambda _: 1000)
    with pytest.raises(DiskFull, match="does not fit"):
        restore(tmp_path / "backup", Home(tmp_path / "again"))
    assert not (tmp_path / "again").exists()


def test_files_that_vanish_start_another_attempt(home: Home, tmp_path: Path) -> None:
    """Checkpoints are replaced and segments trimmed while it copies: what is left must fit."""
    segments = sorted(home.log_dir("default").glob("*.db"))
    older, newest = _checkpoints(home)
    note = json.loads((newest / "note.json").read_bytes())
    parts: list[str] = []

    def need(offset: int) -> None:
        """Let the newest checkpoint need the log from there on."""
        (newest / "note.json").write_text(json.dumps({**note, "log_to": {"offsets": [offset]}}))

    def trim(part: str) -> None:
        """The log goes after the checkpoints were copied, these before they are copied again."""
        parts.append(part)
        if parts.count("log") == 1 and part == "log":
            segments[0].unlink()
        if parts.count("state") == 2 and part == "state":
            shutil.rmtree(older)
            need(int(segments[1].stem))

    need(0)
    report = back_up(home, tmp_path / "backup", on_part=trim)
    assert report.attempts == 2
    names = [s.path for s in Store(tmp_path / "backup").manifest().files]
    assert not any(older.name in name for name in names)


def test_log_of_a_home_without_checkpoints_begins_where_the_copied_metadata_ends(
    home: Home, tmp_path: Path
) -> None:
    """The home commits and trims its log while it is copied: the copy would lack what is between.

    A young home has no checkpoint yet, so what its copy reads on from is the last epoch in there.
    """
    first, second, *_ = sorted(home.log_dir("default").glob("*.db"))
    for checkpoint in _checkpoints(home):
        shutil.rmtree(checkpoint)

    def commit(log_to: int) -> None:
        with contextlib.closing(sqlite3.connect(home.metadata_file)) as connection, connection:
            connection.execute("UPDATE epochs SET log_to = ?", (f'{{"offsets":[{log_to}]}}',))

    def go_on(part: str) -> None:
        if part == "log" and first.exists():
            commit(int(second.stem))
            first.unlink()

    commit(int(second.stem) - 1)
    assert back_up(home, tmp_path / "backup", on_part=go_on).attempts == 2


def test_epoch_committed_between_catalog_and_metadata_is_copied_with_both(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Metadata that calls an epoch committed whose rows the tables lack would never get them."""
    real: Callable[[Path, Path], None] = module._copy_database
    copied: list[str] = []

    def copy(source: Path, target: Path) -> None:
        if source == home.metadata_file and copied.count(source.name) < 3:
            with contextlib.closing(sqlite3.connect(source)) as connection, connection:
                number = 100 + len(copied)
                connection.execute(
                    "INSERT INTO epochs SELECT project, ?, log_to, log_to, watermark, plan,"
                    " planned_at, ledger, ledger_total, committed_at FROM epochs WHERE epoch = 7",
                    (number,),
                )
        copied.append(source.name)
        real(source, target)

    monkeypatch.setattr(module, "_copy_database", copy)
    monkeypatch.setattr(module, "_PAIR_PAUSE_SECONDS", 0)
    back_up(home, tmp_path / "backup")
    assert copied[:8] == ["catalog.db", "metadata.db"] * 4
    monkeypatch.setattr(module, "_PAIR_ATTEMPTS_MAX", 0)
    with pytest.raises(Unavailable, match="too fast"):
        back_up(home, tmp_path / "backup")


def test_lake_that_is_elsewhere_is_refused(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A backup without its tables would be found out when it is needed."""
    with contextlib.closing(sqlite3.connect(home.lake_dir / "catalog.db")) as opened:
        opened.execute("UPDATE iceberg_tables SET metadata_location = 's3://b/events/1.json'")
        opened.commit()
    with pytest.raises(Invalid, match="in an object store, which a backup does not copy"):
        back_up(home, tmp_path / "backup")
    monkeypatch.setenv("FOOTFALL__LAKE__CATALOG", "postgresql://footfall@db.example/lake")
    monkeypatch.setattr("sys.argv", ["footfall", "backup", "b", "--home", str(home.root)])
    with pytest.raises(SystemExit):
        run()
    assert "catalog is a database of its own" in capsys.readouterr().err
    assert not (tmp_path / "backup").exists()
