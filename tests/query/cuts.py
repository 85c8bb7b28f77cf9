"""A small writer of cuts: real Iceberg data files, plans, tail files and `cut.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from pyarrow import ipc

from footfall.clock import MINUTE
from footfall.event import FAILED_SCHEMA
from footfall.home import Home
from footfall.lake import Lake
from footfall.lake.cut import HOT_SCHEMA, Cut, CutSessions, publish
from footfall.ledger import Ledger
from footfall.positions import Positions
from footfall.session import OVERRIDE_SCHEMA, REMOVED_SCHEMA, SESSION_SCHEMA
from footfall.settings import QuerySettings, load_settings
from footfall.testing.events import NOON_US, event_table, uuid_of

GAP = 30 * MINUTE
PUBLISHED_AT = NOON_US


def query_settings(**changes: Any) -> QuerySettings:
    """Small limits: tests share their machine."""
    small = {"memory_max": 256 << 20, "threads": 1, "time_max": 20_000_000, **changes}
    return msgspec.structs.replace(load_settings().query, **small)


class CutWriter:
    """Collects what the next cut names; `publish` makes it what readers see."""

    def __init__(self, root: Path, project: str = "default") -> None:
        self.home = Home(root)
        self.project = project
        self.tail_dir = self.home.tail_dir(project)
        self.tail_dir.mkdir(parents=True, exist_ok=True)
        self._lake: Lake | None = None
        self._sequence = 0
        self._epochs: dict[str, int] = {}
        self.tail: dict[str, tuple[str, ...]] = {}
        self.hot: tuple[str, ...] = ()
        self.kept: tuple[str, ...] = ()
        self.shown: str | None = None
        self.overrides: str | None = None
        self.removed: str | None = None
        self.watermark = 0

    @property
    def lake(self) -> Lake:
        """The project's tables, made when first needed."""
        if self._lake is None:
            self._lake = Lake(self.home.lake_dir, self.project)
        return self._lake

    def to_lake(self, table: str, rows: pa.Table) -> None:
        """Commit rows: one data file a day."""
        self._epochs[table] = self._epochs.get(table, 0) + 1
        assert self.lake.commit(table, rows, self._epochs[table])

    def to_tail(self, table: str, rows: pa.Table) -> None:
        """Add a micro-batch."""
        self.tail[table] = (*self.tail.get(table, ()), self._write(table, rows))

    def add_hot(self, rows: pa.Table) -> None:
        """Add a file of hot sessions."""
        self.hot = (*self.hot, self._write("hot", rows))

    def set_kept(self, *files: tuple[pa.Table, list[bool]]) -> None:
        """Replace the kept files, each with which of its rows count."""
        self.kept = tuple(self._write("kept", rows) for rows, _ in files)
        shown = [one for _, mask in files for one in mask]
        self.shown = self._write("shown", pa.table({"is_shown": pa.array(shown)}))

    def set_overrides(self, rows: pa.Table) -> None:
        """Replace the overrides."""
        self.overrides = self._write("overrides", rows)

    def set_removed(self, rows: pa.Table) -> None:
        """Replace the removed sessions."""
        self.removed = self._write("removed", rows)

    def publish(self) -> Cut:
        """Make everything added so far what readers see."""
        self._sequence += 1
        plans = {}
        if self._lake is not None:
            for table in ("events", "sessions", "failed_events"):
                plan = self._lake.plan(table)
                plans[table] = f"plan-{table}-{plan.snapshot_id or 0}.json"
                (self.tail_dir / plans[table]).write_bytes(msgspec.json.encode(plan))
        cut = Cut(
            project=self.project,
            sequence=self._sequence,
            published_at=PUBLISHED_AT,
            positions=Positions(),
            epoch=0,
            watermark=self.watermark,
            ledger=Ledger(),
            plans=plans,
            tail=dict(self.tail),
            sessions={"gap": CutSessions(1, self.watermark - GAP, self.hot, self.kept, self.shown)},
            overrides=self.overrides,
            removed=self.removed,
        )
        publish(cut, self.home.cut_file(self.project))
        return cut

    def _write(self, kind: str, rows: pa.Table) -> str:
        name = f"{kind}-{len(list(self.tail_dir.iterdir())):06d}.arrow"
        with ipc.new_file(self.tail_dir / name, rows.schema) as writer:
            writer.write_table(rows)
        return name


def sample(root: Path) -> CutWriter:
    """A cut with something in each view: 3 + 2 events, 1 + 1 sessions, 1 + 1 failed events."""
    writer = CutWriter(root)
    writer.to_lake("events", event_table({"event_name": name} for name in ("a", "a", "b")))
    writer.to_lake("sessions", sessions([{"session_id": uuid_of("s1")}]))
    writer.to_lake("failed_events", failures(1))
    writer.to_tail("events", event_table([{"event_name": "c"}, {"event_name": "<script>"}]))
    writer.to_tail("failed_events", failures(1))
    writer.add_hot(sessions([{"session_id": uuid_of("s2")}], hot=True))
    writer.publish()
    return writer


def sessions(rows: Iterable[Mapping[str, Any]], *, hot: bool = False) -> pa.Table:
    """Sessions; each row names the columns it cares about."""
    common = {
        "session_id": uuid_of("session"),
        "revision": 1,
        "app_id": "shop",
        "visitor_id": "v1",
        "started_at": NOON_US,
        "ended_at": NOON_US,
        "duration_ms": 0,
        "events": 1,
        "views": 1,
        "engagement_ms": 0,
        "is_engaged": False,
        "is_bounced": True,
        "is_bot": False,
        "first_event_name": "page_view",
        "last_event_name": "page_view",
        "epoch": 1,
        "is_removed": False,
        "sequence": 1,
    }
    return table([{**common, **row} for row in rows], HOT_SCHEMA if hot else SESSION_SCHEMA)


def overrides(*intervals: tuple[str, int, int, bytes]) -> pa.Table:
    """Overrides of app `shop`: visitor, from, to (both included), session."""
    names = ("visitor_id", "from_time", "to_time", "session_id")
    rows = [dict(zip(names, interval, strict=True)) for interval in intervals]
    return table([{"app_id": "shop", "epoch": 1, **row} for row in rows], OVERRIDE_SCHEMA)


def removed(*rows: tuple[bytes, int]) -> pa.Table:
    """Removed sessions: id and the epoch that removed it."""
    common = {"app_id": "shop", "visitor_id": "v1"}
    return table(
        [{**common, "session_id": session, "epoch": epoch} for session, epoch in rows],
        REMOVED_SCHEMA,
    )


def failures(count: int) -> pa.Table:
    """Failed events."""
    common = {
        "protocol": "footfall",
        "part": "record",
        "reason": "not_json",
        "message": "body is not JSON",
        "payload": b"{",
        "payload_bytes": 1,
        "received_at": NOON_US,
        "request_id": uuid_of("request"),
        "log_offset": 0,
        "epoch": 1,
    }
    rows = [{**common, "failed_id": uuid_of(f"f{n}"), "request_index": n} for n in range(count)]
    return table(rows, FAILED_SCHEMA)


def table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows of plain values; instants are microseconds."""
    arrays = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if pa.types.is_timestamp(field.type):
            arrays.append(pa.array(values, pa.int64()).cast(field.type))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
