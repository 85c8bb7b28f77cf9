"""The cut: for one point of the log, everything a reader needs to see the project consistently.

The pipeline publishes one after each micro-batch by atomic rename of `cut.json`, or after each
epoch beside the lake (`shared_cut`); readers, in any process, read one cut and nothing else. Files
a cut names are kept for `lake.tail_grace` after a newer cut dropped them, and plan files as long as
a reader holds them: a data file that a plan file names is not removed.

    events    = plan("events") ∪ tail["events"], session_id replaced by the newest override that
                covers the event, if its epoch is above the event's (for those of the tail: above
                the cut's)
    failed    = plan("failed_events") ∪ tail["failed_events"]
    sessions  = of the default definition: newest hot row by (session_id, sequence), unless
                is_removed
                ∪ kept rows that are shown, whose id is in no hot row
                ∪ plan("sessions"), newest revision by session_id, whose id is in none of those and
                not in `removed`
    sessions_<name> = the same of another definition, out of plan("other_sessions") those of its
                name and version

Paths are relative to the project's tail directory, except data files in a plan, which are absolute
or the addresses of objects (`s3://bucket/key`).
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec
import pyarrow as pa

from footfall.errors import Corrupt
from footfall.home import write_atomically
from footfall.ledger import Ledger
from footfall.positions import Positions
from footfall.session import SESSION_SCHEMA

CUT_VERSION: Final = 2
PLAN_PREFIX: Final = "plan-"

HOT_FLAGS: Final = (
    pa.field("is_removed", pa.bool_(), nullable=False),
    pa.field("sequence", pa.int64(), nullable=False),
)
HOT_SCHEMA: Final = pa.schema([*SESSION_SCHEMA, *HOT_FLAGS])
"""Rows of a cut's `hot` files. A removed session has its id, keys and times, and placeholders
elsewhere."""

SHOWN_SCHEMA: Final = pa.schema([pa.field("is_shown", pa.bool_(), nullable=False)])
"""Which rows of a cut's `kept` files count; the others were changed or written since."""


class PlannedColumn(msgspec.Struct, frozen=True, array_like=True):
    """A column of a table as it is on disk."""

    id: int
    """Iceberg field id, by which data files name it."""
    name: str
    kind: str
    """Its type, by Iceberg's name, such as `timestamptz`."""


class Plan(msgspec.Struct, frozen=True):
    """Data files of one snapshot of one table."""

    table: str
    snapshot_id: int | None
    files: tuple[str, ...]
    """Absolute paths, or addresses, of Parquet files."""
    rows: int
    columns: tuple[PlannedColumn, ...] = ()
    """All that the table has, in its order. A file from before one was added lacks it."""


class CutSessions(msgspec.Struct, frozen=True):
    """Sessions of one definition that the lake does not have, or not in this form."""

    version: int
    closed_before: int
    """Microseconds; sessions that ended before it are closed."""
    hot: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Files of sessions that later cuts name as well, `SESSION_SCHEMA`, each id shown once."""
    shown: str | None = None
    """File with `SHOWN_SCHEMA`: which rows of `kept`, one file after another, are valid now."""


class CutQuery(msgspec.Struct, frozen=True):
    """A continuous query, whose results are a view."""

    version: int
    columns: tuple[tuple[str, str], ...]
    """Names and SQL types of its answer."""


class Cut(msgspec.Struct, frozen=True):
    """See the module's text."""

    project: str
    sequence: int
    """Counts cuts; never goes back, also over restarts."""
    published_at: int
    positions: Positions
    """In each partition of the log, the first request that is not in this cut."""
    epoch: int
    """Last epoch that the lake holds; 0 before the first."""
    watermark: int
    """Microseconds."""
    ledger: Ledger
    """Sum over everything in this cut."""
    plans: dict[str, str] = {}
    """Table → JSON file with its `Plan`."""
    tail: dict[str, tuple[str, ...]] = {}
    """Table → Arrow IPC files with its schema."""
    sessions: dict[str, CutSessions] = {}
    """By name of the definition."""
    default: str = "gap"
    """Name of the one that `session_id` in the rows of events follows."""
    shown: str | None = None
    """Name of the one that readers take for the default instead; none: they take that one."""
    user_gap: int | None = None
    """Events without a visitor are in the session of their user that began last before them, if it
    ended no longer ago than so many microseconds; none: they are in none."""
    overrides: str | None = None
    """Of the default definition alone: other events do not name other sessions."""
    removed: str | None = None
    """Of all definitions: no two share an id."""
    hot_age: int | None = None
    """Microseconds that closed sessions are remembered now, where `sessions.hot_max` makes it less
    than `sessions.hot_age`."""
    queries: dict[str, CutQuery] = {}
    """Continuous queries, by name: the views `continuous_<name>` of plan("query_results")."""
    version: int = CUT_VERSION
    term: int = 0
    """Of the writer's lease, where the cut lies beside the lake; see `footfall.lake.shared_cut`."""

    @property
    def names(self) -> str:
        """Name of the definition that the views `events` and `sessions` follow."""
        return self.shown or self.default

    def tail_files(self) -> set[str]:
        """Names of all files it needs, but plans."""
        named = {name for files in self.tail.values() for name in files}
        single = [self.overrides, self.removed]
        for sessions in self.sessions.values():
            named.update(sessions.hot, sessions.kept)
            single.append(sessions.shown)
        return named | {name for name in single if name is not None}


def publish(cut: Cut, file: Path) -> None:
    """Replace the cut at `file`.

    Not synced: a power cut may take it or tear it, and the next start publishes a new one.
    """
    write_atomically(file, msgspec.json.encode(cut))


def read_cut(file: Path) -> Cut | None:
    """The newest cut, or `None` before the first.

    Raises:
        Corrupt: the file is damaged; starting the server writes a new one from the log and the
            lake.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Cut)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Corrupt(f"cut is damaged; start the server to rebuild it: path={file}") from error


def read_plan(cut: Cut, table: str, tail_dir: Path) -> Plan:
    """Data files of `table` in this cut; an empty plan for a table without a commit yet."""
    name = cut.plans.get(table)
    if name is None:
        return Plan(table, None, (), 0)
    return decode_plan((tail_dir / name).read_bytes(), tail_dir / name)


def decode_plan(data: bytes, path: Path | str) -> Plan:
    """What the bytes of a plan file say.

    Raises:
        Corrupt: they are damaged.
    """
    try:
        return msgspec.json.decode(data, type=Plan)
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"a file of the cut is damaged; restart the server to rebuild it: {path=!s}"
        ) from error


class HeldPlan:
    """A plan file that cannot be removed, nor the data files it names, until `release`."""

    def __init__(self, file: Path) -> None:
        """Hold `file`; waits only for one who is removing it.

        Raises:
            FileNotFoundError: it was removed; there is a newer cut.
        """
        self._file = file
        self._stream = cast("BinaryIO", file.open("rb"))
        fcntl.flock(self._stream, fcntl.LOCK_SH)
        if os.fstat(self._stream.fileno()).st_nlink == 0:
            self._stream.close()
            raise FileNotFoundError(2, "plan file was removed", str(file))

    def read(self) -> Plan:
        """What it says.

        Raises:
            Corrupt: it is damaged.
        """
        return decode_plan(self._stream.read(), self._file)

    def release(self) -> None:
        """Let go of it; again is harmless."""
        self._stream.close()


def remove_plan(file: Path) -> bool:
    """Remove a plan file that no cut names, unless a reader of an older cut holds it."""
    try:
        with file.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        pass
    return True


def planned_files(tail_dir: Path) -> set[str]:
    """Data files that any plan file names.

    Raises:
        Corrupt: a plan file is damaged.
    """
    named: set[str] = set()
    for file in tail_dir.glob(f"{PLAN_PREFIX}*.json"):
        try:
            plan = msgspec.json.decode(file.read_bytes(), type=Plan)
        except FileNotFoundError:
            continue
        except msgspec.DecodeError as error:
            raise Corrupt(
                f"plan file is damaged; restart the server to write a new one: path={file}"
            ) from error
        named.update(plan.files)
    return named
