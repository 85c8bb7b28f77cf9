"""Start the product on what the disk holds, and see whether it kept its promises.

The recovery is the product's own: the collector's log is opened for writing, the pipeline recovers
and reads to the end; then maintenance has its turn. What is checked is counted here, from what was
sent, and asked of the product besides (`footfall doctor`).
"""

from __future__ import annotations

import collections
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import pyarrow as pa

import footfall
from footfall.cli.operating.doctor import checks
from footfall.clock import HOUR
from footfall.deliver.consumer import make
from footfall.home import Home
from footfall.lake import TABLES, Lake
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline._run import build
from footfall.pipeline.maintenance.maintain import maintain
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock
from footfall.upgrade import check_format
from tests.deliver.bench import files_below, records
from tests.powercut.workload import SETTINGS, Sent
from tests.sessionize import oracle

SETTLE_SECONDS: Final = 120.0


class Violation(AssertionError):  # noqa: N818 (read as what happened)
    """A promise was broken; the text says which."""


def recover_and_check(home: Home, sent: Sequence[Sent], acknowledged: int, now_us: int) -> None:
    """Recover `home` and check it.

    Args:
        home: As the power cut left it.
        sent: All requests, in order.
        acknowledged: How many of them had been answered.
        now_us: Time of the recovery.

    Raises:
        Violation: a promise was broken.
    """
    try:
        _check_before(home)
        _recover(home, now_us)
        _check(home, sent, acknowledged)
    except Violation:
        raise
    except Exception as error:
        raise Violation(f"{type(error).__name__}: {error}") from error


def _check_before(home: Home) -> None:
    """What has a name is whole: nothing has to fall back on anything."""
    for file in delivered(home, ""):
        records(file)
    for check in checks(home, "default"):
        named = ("log", "metadata", "checkpoints", "consumers")
        is_whole = check.state != "broken" or check.name not in named
        _expect(is_whole, f"doctor, before recovery: {check.name}: {check.message}")


def _recover(home: Home, now_us: int) -> None:
    check_format(home)
    settings, clock = load_settings(overrides=SETTINGS), SimClock(now_us)
    SqliteLog.writer(home.log_dir("default"), settings.log).close()
    log = SqliteLog.reader(home.log_dir("default"))
    pipeline = build(home, settings, "default", log, clock)
    pipeline.consumers._make["deliver"] = make
    pipeline.recover()
    for _ in range(2):  # sessions close at the first look, and their files at the second
        clock.advance(2 * HOUR)
        pipeline.finish()
        pipeline._publish()
        _expect(pipeline.consumers.settle(SETTLE_SECONDS), "the delivery does not come to an end")
    pipeline.close()
    maintain(home, settings, "default", full=True, clock=clock)
    log.close()


def _check(home: Home, sent: Sequence[Sent], acknowledged: int) -> None:
    lake = Lake(home.lake_dir, "default")
    files = {table: list(lake.plan(table).files) for table in TABLES}
    tables = {name: lake.read(name) for name in TABLES}
    for name, paths in files.items():
        rows = duckdb.read_parquet(paths).count("*").fetchall()[0][0] if paths else 0
        _expect(rows == tables[name].num_rows, f"DuckDB and PyIceberg count {name} differently")
        if paths:
            _expect(
                pl.scan_parquet(paths).select(pl.len()).collect().item() == rows,
                f"Polars counts {name} differently",
            )
    _check_events(tables["events"], sent, acknowledged)
    _check_failures(tables["failed_events"], sent, acknowledged)
    _check_deliveries(home, tables["events"], _check_sessions(home, tables["events"]))
    for check in checks(home, "default"):
        _expect(check.state != "broken", f"doctor: {check.name}: {check.message}")
    ledger = Metadata.open(home).ledger("default")
    _expect(ledger.problems() == [], f"ledger: {ledger.problems()}")
    counted = (tables["events"].num_rows, tables["failed_events"].num_rows)
    _expect((ledger.events, ledger.failed + ledger.undecodable) == counted, "ledger is not exact")


def _check_events(events: pa.Table, sent: Sequence[Sent], acknowledged: int) -> None:
    ids = collections.Counter(
        str(uuid.UUID(bytes=i)) for i in events.column("event_id").to_pylist()
    )
    doubled = [i for i, count in ids.items() if count > 1]
    _expect(not doubled, f"{len(doubled)} events are there twice: {doubled[:3]}")
    must = {i for request in sent[:acknowledged] for i in request.event_ids}
    may = must | {i for request in sent[acknowledged:] for i in request.event_ids}
    lost = must - ids.keys()
    _expect(
        not lost, f"{len(lost)} of {len(must)} acknowledged events are lost: {sorted(lost)[:3]}"
    )
    _expect(ids.keys() <= may, "events that nobody sent")


def _check_failures(failures: pa.Table, sent: Sequence[Sent], acknowledged: int) -> None:
    payloads = collections.Counter(failures.column("payload").to_pylist())
    for number, request in enumerate(sent):
        if request.broken is not None:
            count = sum(n for p, n in payloads.items() if _text(p) == request.broken)
            _expect(count <= 1, f"a broken request is there {count} times")
            _expect(count == 1 or number >= acknowledged, "an acknowledged broken request is lost")


def _text(payload: object) -> str:
    return payload.decode() if isinstance(payload, bytes) else str(payload)


def _check_sessions(home: Home, events: pa.Table) -> dict[str, int]:
    """The view of sessions equals the definition applied to the lake's events.

    Revisions of those that are over.
    """
    rows = events.to_pylist()
    for row in rows:
        row["event_time"] = int(row["event_time"].timestamp() * 1_000_000 + 0.5)
        row["received_at"] = int(row["received_at"].timestamp() * 1_000_000 + 0.5)
    settings = load_settings(overrides=SETTINGS).sessions
    limits = settings.gap, settings.length_max, settings.events_max
    found = oracle.sessions(rows, *limits)
    expected = sorted(
        (str(uuid.UUID(bytes=oracle.row(mine)["session_id"])), len(mine)) for mine in found
    )
    with footfall.open(home.root) as readers:
        view = readers.sql("SELECT session_id, revision, status, events FROM sessions").rows()
        shown = sorted((str(uuid.UUID(str(row["session_id"]))), row["events"]) for row in view)
        _expect(shown == expected, "sessions differ from the definition")
        strangers = readers.sql(
            "SELECT count(*) AS n FROM events e LEFT JOIN sessions s USING (session_id)"
            " WHERE s.session_id IS NULL OR e.event_time < s.started_at"
            " OR e.event_time > s.ended_at"
        ).rows()
        _expect(strangers == [{"n": 0}], f"events outside their session: {strangers}")
    return {str(row["session_id"]): row["revision"] for row in view if row["status"] == "closed"}


def delivered(home: Home, name: str) -> list[Path]:
    """Files of a destination that have their names; what is hidden is not finished."""
    found = files_below(home.root / "delivered" / name)
    return [file for file in found if not file.name.startswith(".")]


def _check_deliveries(home: Home, events: pa.Table, shown: dict[str, int]) -> None:
    """Each event, each request and each session that is over is in one file.

    `shown` has the newest revision of each session that is over.
    """
    files = {
        name: [row for file in delivered(home, name) for row in records(file)]
        for name in ("clicks", "raw", "visits")
    }
    ids = collections.Counter(row["event_id"] for row in files["clicks"])
    expected = collections.Counter(
        str(uuid.UUID(bytes=i)) for i in events.column("event_id").to_pylist()
    )
    _expect(ids == expected, _differing("events", ids, expected))
    offsets = collections.Counter(int(row["log_offset"]) for row in files["raw"])
    log = SqliteLog.reader(home.log_dir("default"))
    requests = collections.Counter(range(log.ends()[0]))
    log.close()
    _expect(offsets == requests, _differing("requests", offsets, requests))
    visits = collections.Counter((row["session_id"], row["revision"]) for row in files["visits"])
    _expect(max(visits.values(), default=1) == 1, f"a session is delivered twice: {visits}")
    newest = dict(sorted(visits))
    mine = {session_id: newest.get(session_id) for session_id in shown}
    _expect(mine == shown, f"delivered sessions are not the newest: {mine} {shown}")


def _differing(what: str, found: collections.Counter[Any], there: collections.Counter[Any]) -> str:
    missing, more = sorted((there - found).elements()), sorted((found - there).elements())
    return f"{what} in files: {missing[:3]} are missing, {more[:3]} too many"


def _expect(claim: bool, otherwise: str) -> None:
    if not claim:
        raise Violation(otherwise)
