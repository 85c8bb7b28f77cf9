"""Copy a home that is at work, so that the copy recovers as the home would after a crash.

Theory of operation. Each part is copied by itself, so the order must make the parts fit. What a
start needs (`Pipeline.recover`), and what gives it:

    tables have every epoch that a checkpoint is after      state is copied before the catalog
    every epoch in a table has its plan in the metadata     the catalog before the metadata
    the tables have what the metadata calls committed       nothing was committed between the two:
                                                            else both are copied again
    the log has all requests of every plan, and on from     the log comes last, and must begin at or
    the newest checkpoint                                   before a copied checkpoint's end
    data files of the copied catalog are there              `LakeLocks.reading` is held; metadata
                                                            files, which commits remove, come first

SQLite databases are copied through SQLite, which gives one committed state of each. A file that
goes away under the copy (a checkpoint, a segment, table metadata) starts a new attempt, which finds
most of the rest copied. The log is read after `began_at`, so everything acknowledged before is in
it.

Not copied: the tail (made again from the log), `run/`, older snapshots of the tables, notes of
maintenance in progress (done again).
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from footfall.backup._links import check_inside, refuse_links
from footfall.backup._store import Manifest, Store, StoredFile
from footfall.clock import Clock, SystemClock
from footfall.errors import Invalid, Unavailable
from footfall.home import Home
from footfall.lake.location import CATALOG, is_elsewhere, is_moved, table_locations
from footfall.lake.store.locks import LakeLocks
from footfall.machine.process import exclusive
from footfall.positions import Positions
from footfall.upgrade import check_format

ATTEMPTS_MAX: Final = 10
METADATA: Final = "metadata.db"
_PAIR_ATTEMPTS_MAX: Final = 200
_PAIR_PAUSE_SECONDS: Final = 0.05
_BUSY_MS: Final = 10_000
_LOG_TO: Final = (
    "SELECT log_to FROM epochs WHERE project = ? AND committed_at IS NOT NULL"
    " ORDER BY epoch DESC LIMIT 1"
)
_COMMITTED: Final = "SELECT count(*), max(committed_at) FROM epochs WHERE committed_at IS NOT NULL"


class BackupReport(msgspec.Struct, frozen=True):
    """What a backup has, and what it cost."""

    began_at: int
    files: int
    bytes: int
    files_written: int
    """In all attempts: one that failed leaves what it copied for the next."""
    bytes_written: int
    attempts: int


class _Vanished(Exception):  # noqa: N818 (read as what happened)
    """A file was removed by its owner before it was copied."""


def back_up(
    home: Home,
    target: Path,
    clock: Clock | None = None,
    on_part: Callable[[str], None] = lambda _: None,
) -> BackupReport:
    """Make or renew the backup at `target`. The home's parts may be at work.

    Args:
        home: What to copy.
        target: Directory of the backup; made if need be.
        clock: The machine's by default.
        on_part: Called before each part is copied, with its name.

    Raises:
        Invalid: there is no home, it was moved and not started since, it has symbolic links, its
            lake lies in an object store, or `target` is no place for a backup, lies within the
            home, or has another home's.
        Conflict: another backup is being made there.
        Unavailable: files kept vanishing; try again. The backup before, if any, is still whole.
        OSError: `target` cannot be written; the backup before is still whole.
    """
    clock = clock or SystemClock()
    check_format(home)
    target = target.expanduser().resolve()
    if not home.metadata_file.exists():
        raise Invalid(f"nothing is installed there: {home.root}")
    if is_moved(home.lake_dir):
        raise Invalid(f"the home was moved here; start it, or run footfall upgrade: {home.root}")
    if is_elsewhere(home.lake_dir):
        raise Invalid(
            "the lake lies in an object store, which a backup does not copy; keep versions of the"
            f" bucket instead, see docs/operate/object-store.md: {home.root}"
        )
    if target.is_relative_to(home.root) or home.root.is_relative_to(target):
        raise Invalid(f"a backup must not lie in its home, nor the home in it: {target}")
    refuse_links(home)
    store = Store(target)
    store.prepare()
    with exclusive(store.lock_file, "another backup is being made there"):
        before = store.manifest()
        if before is not None and before.home != str(home.root):
            raise Invalid(f"there is the backup of another home, {before.home}; name another place")
        return _back_up(_Source(home, store, before, clock, on_part), store)


def _back_up(source: _Source, store: Store) -> BackupReport:
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            manifest = source.copy()
        except (FileNotFoundError, _Vanished):
            continue
        store.publish(manifest)
        return BackupReport(
            began_at=manifest.began_at,
            files=len(manifest.files),
            bytes=sum(stored.bytes for stored in manifest.files),
            files_written=source.files_written,
            bytes_written=source.bytes_written,
            attempts=attempt,
        )
    raise Unavailable(f"files vanished in each of {ATTEMPTS_MAX} attempts; try again")


class _Source:
    """One home, being copied."""

    def __init__(
        self,
        home: Home,
        store: Store,
        before: Manifest | None,
        clock: Clock,
        on_part: Callable[[str], None],
    ) -> None:
        self._home = home
        self._store = store
        self._known = {} if before is None else {stored.path: stored for stored in before.files}
        self._clock = clock
        self._on_part = on_part
        self._files: list[StoredFile] = []
        self.files_written = 0
        self.bytes_written = 0

    def copy(self) -> Manifest:
        """One attempt; see the module's text."""
        began_at = self._clock.now_us()
        self._files = []
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="footfall-")))
            for project in self._projects("lake"):
                stack.enter_context(LakeLocks(self._home.lake_dir, project).reading())
            for name in ("footfall.toml", "format.json"):
                if (self._home.root / name).exists():
                    self._add(self._home.root / name)
            self._on_part("state")
            for project in self._projects("state"):
                self._add_state(project)
            self._on_part("catalog")
            self._add_catalog_and_metadata(folder)
            self._on_part("lake")
            self._add_tables(folder / CATALOG)
            self._on_part("log")
            for project in self._projects("log"):
                self._add_log(project, folder)
        return Manifest(str(self._home.root), began_at, tuple(self._files))

    def _projects(self, part: str) -> list[str]:
        directory = self._home.root / part
        if not directory.is_dir():
            return []
        return sorted(path.name for path in directory.iterdir() if path.is_dir())

    def _add(self, source: Path, path: Path | None = None) -> None:
        name = (path or source).relative_to(self._home.root).as_posix()
        if path is None:
            check_inside(self._home, source)
        stored, is_new = self._store.add(name, source)
        self._keep(stored, is_new=is_new)

    def _keep(self, stored: StoredFile, *, is_new: bool) -> None:
        self._files.append(stored)
        self.files_written += is_new
        self.bytes_written += stored.bytes * is_new

    def _add_state(self, project: str) -> None:
        """Checkpoints, not what maintenance is in the middle of: that names files as of now."""
        directory, skipped = self._home.state_dir(project), self._home.maintenance_dir(project)
        for file in sorted(directory.rglob("*")):
            names = file.relative_to(directory).parts
            is_kept = not any(name.startswith(".") or name.endswith(".lock") for name in names)
            if is_kept and file.is_file() and not file.is_relative_to(skipped):
                self._add(file)

    def _add_catalog_and_metadata(self, folder: Path) -> None:
        """Copies of one moment, as far as epochs go: see the module's table."""
        catalog, metadata = folder / CATALOG, folder / METADATA
        for _ in range(_PAIR_ATTEMPTS_MAX):
            before = _committed(self._home.metadata_file)
            if (self._home.lake_dir / CATALOG).exists():
                _copy_database(self._home.lake_dir / CATALOG, catalog)
            _copy_database(self._home.metadata_file, metadata)
            if _committed(metadata) == before:
                break
            self._clock.sleep(_PAIR_PAUSE_SECONDS)
        else:
            raise Unavailable("epochs are committed too fast for a backup; try again")
        self._add(metadata, self._home.metadata_file)
        if catalog.exists():
            self._add(catalog, self._home.lake_dir / CATALOG)

    def _add_tables(self, catalog: Path) -> None:
        """Files of a table are written once under names of their own: one is copied once."""
        from footfall.lake.recovery.relocate import table_files

        for identifier, location in sorted(table_locations(catalog.parent).items()):
            for relative in table_files(self._home.lake_dir, identifier, location):
                source = self._home.lake_dir / relative
                known = self._known.get(source.relative_to(self._home.root).as_posix())
                if known and known.bytes == source.stat().st_size and self._store.has(known):
                    self._keep(known, is_new=False)
                else:
                    self._add(source)

    def _add_log(self, project: str, folder: Path) -> None:
        directory = self._home.log_dir(project)
        segments = sorted(directory.glob("[0-9]*.db"))
        for segment in segments:
            copy = folder / segment.name
            check_inside(self._home, segment)
            _copy_database(segment, copy)
            self._add(copy, segment)
            copy.unlink()
        oldest = int(segments[0].stem) if segments else 0
        if oldest > self._log_needed_from(project, folder / METADATA):
            raise _Vanished(project)

    def _log_needed_from(self, project: str, metadata: Path) -> int:
        """Where a start reads on from: after the newest checkpoint that was copied.

        Without one, the state is made from the lake, as of the last committed epoch that the copied
        `metadata` knows; the home, which goes on, may have committed more and trimmed its log.
        """
        prefix = f"state/{project}/checkpoint-"
        paths = [stored.path for stored in self._files if stored.path.startswith(prefix)]
        notes = [path for path in paths if path.endswith("/note.json")]
        if not notes:
            with _opened(metadata, "rw") as connection:
                found = connection.execute(_LOG_TO, (project,)).fetchone()
            return 0 if found is None else _offset(found[0])
        note = msgspec.json.decode((self._home.root / max(notes)).read_bytes())
        return _offset(note["log_to"])


def _offset(log_to: object) -> int:
    """In the only partition; of a home that is backed up before it is upgraded, a number."""
    if isinstance(log_to, int):
        return log_to
    if isinstance(log_to, str):
        return msgspec.json.decode(log_to, type=Positions)[0]
    return msgspec.convert(log_to, Positions)[0]


def _copy_database(source: Path, target: Path) -> None:
    """One committed state of a SQLite database that others may write meanwhile."""
    target.unlink(missing_ok=True)
    try:
        with _opened(source, "rw") as reader, contextlib.closing(sqlite3.connect(target)) as writer:
            reader.backup(writer)
            writer.execute("PRAGMA journal_mode = DELETE").fetchall()
    except sqlite3.Error as error:
        if not source.exists():
            raise _Vanished(str(source)) from error
        raise Unavailable(
            f"a database cannot be copied now; try again: {source} {error}"
        ) from error


def _committed(metadata: Path) -> tuple[int, int | None]:
    """Changes with each epoch that is marked committed."""
    with _opened(metadata, "rw") as connection:
        count, newest = connection.execute(_COMMITTED).fetchone()
    return int(count), newest


@contextlib.contextmanager
def _opened(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True)
    with contextlib.closing(connection):
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        yield connection


def free_bytes(directory: Path) -> int:
    """Free space of the disk that `directory` is or will be on."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    return shutil.disk_usage(existing).free
