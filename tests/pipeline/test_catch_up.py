"""After an outage: hours of log are read at once, while new requests keep coming."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import footfall
from footfall.clock import HOUR, MINUTE, SECOND
from footfall.lake.cut import Cut, read_cut
from footfall.metadata import Metadata
from footfall.pipeline._pipeline import Pipeline
from footfall.request import Request
from footfall.sessionize import Definitions
from tests.pipeline.harness import START_US, Bench, event, request
from tests.scale import scaled
from tests.sessionize.world import ORACLE_COLUMNS, plain, truth_of

OUTAGE = 6 * HOUR
LAG = 5 * SECOND
SETTINGS = (
    "pipeline.micro_batch_requests_max=40",
    "pipeline.epoch_events_max=200",
    "pipeline.checkpoint_epochs=3",
    "pipeline.watermark_lag=5s",
    "sessions.gap=30m",
    "sessions.hot_age=30m",
)


class Traffic:
    """Requests of a site, one after the other, some sent twice, and what must come of them."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
        self._number = 0
        self._requests = 0
        self._before: list[tuple[int, list[dict[str, Any]]]] = []
        self.sent = 0
        self.records = 0
        self.ids: set[str] = set()

    def requests(self, from_us: int, to_us: int, count: int) -> Iterator[Request]:
        """`count` requests received between the two times, in order."""
        for at in sorted(self._chance.randrange(from_us, to_us) for _ in range(count)):
            yield self._one(at)

    def _one(self, at: int) -> Request:
        chance = self._chance
        self._requests += 1
        self.sent += 1
        if chance.random() < 0.05:
            return request(self._requests, [], at, body=b"{broken")
        if self._before and chance.random() < 0.1:
            events = chance.choice(self._before)[1]  # the client got no answer and sends again
        else:
            events = [self._event(at) for _ in range(chance.randint(1, 5))]
            self._before = [*self._before[-20:], (at, events)]
        self.records += len(events)
        self.ids.update(event["event_id"] for event in events)
        return request(self._requests, events, at)

    def _event(self, at: int) -> dict[str, Any]:
        self._number += 1
        late = self._chance.choice([0] * 12 + [2, 20, 90]) * MINUTE
        visitor = f"v{int(self._chance.paretovariate(1.1)) % 40}"
        return event(visitor, at - late - self._chance.randrange(5 * SECOND), self._number)


def _cut(bench: Bench) -> Cut:
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    return cut


def _catch_up(bench: Bench, pipeline: Pipeline, traffic: Traffic, received: list[int]) -> list[Cut]:
    """Read to the head; for a while new requests come as fast as old ones are read."""
    cuts = []
    while pipeline.step():
        cuts.append(_cut(bench))
        if len(cuts) <= 8:
            now = bench.clock.now_us()
            _append(bench, traffic.requests(now - SECOND, now, 20), received)
            bench.clock.advance(SECOND)
    return cuts


def _append(bench: Bench, requests: Iterator[Request], received: list[int]) -> None:
    made = list(requests)
    received.extend(request.received_at for request in made)
    bench.append(made)


@pytest.mark.parametrize("seed", range(scaled(1, 8)))
def test_everything_once_after_an_outage(seed: int, tmp_path: Path) -> None:
    """Six hours of log and what comes meanwhile: nothing lost, nothing twice, sessions right."""
    bench, traffic, received = Bench(tmp_path, *SETTINGS), Traffic(seed), []
    pipeline = bench.pipeline()
    begin = bench.clock.now_us()
    bench.clock.advance(OUTAGE)
    _append(bench, traffic.requests(begin, begin + OUTAGE, scaled(400, 2_000)), received)
    cuts = _catch_up(bench, pipeline, traffic, received)
    bench.clock.advance(LAG)
    pipeline.step()
    pipeline.finish()

    cut = _cut(bench)
    assert len(cuts) > 8
    assert (cut.positions.total, cut.tail) == (bench.log.ends()[0], {})
    assert cut.watermark == bench.clock.now_us() - LAG

    _settle(bench, pipeline)
    tables = bench.tables()
    ledger = Metadata.open(bench.home).ledger("default")
    events = plain(tables["events"])
    assert ledger.problems() == []
    assert (ledger.requests, ledger.records) == (traffic.sent, traffic.records)
    assert ledger.failed + ledger.undecodable == tables["failed_events"].num_rows
    assert len(events) == ledger.events == len(traffic.ids)
    assert {str(uuid.UUID(bytes=row["event_id"])) for row in events} == traffic.ids
    assert len({row["epoch"] for row in events}) > 3, "epochs are committed while it catches up"
    definition = Definitions.of(bench.settings.sessions).default
    assert _sessions(tables) == truth_of(events, definition)[0]


def test_watermark_follows_what_was_read_while_behind(tmp_path: Path) -> None:
    """The clock says six hours later, but requests of those hours are still to come.

    Were it believed, sessions would be closed whose events are in the log, and corrected after.
    """
    bench, traffic, received = Bench(tmp_path, *SETTINGS), Traffic(7), []
    pipeline = bench.pipeline()
    begin = bench.clock.now_us()
    bench.clock.advance(OUTAGE)
    _append(bench, traffic.requests(begin, begin + OUTAGE, 300), received)
    cuts = _catch_up(bench, pipeline, traffic, received)
    behind = [cut for cut in cuts if cut.positions.total < bench.log.ends()[0]]
    assert len(behind) > 5
    for before, cut in pairwise(cuts):
        assert before.watermark <= cut.watermark
        assert cut.watermark <= max(received[: cut.positions.total], default=LAG) - LAG


def _settle(bench: Bench, pipeline: Pipeline) -> None:
    """Close everything."""
    bench.clock.advance(3 * HOUR)
    pipeline.step()
    pipeline.finish()


def _sessions(tables: dict[str, pa.Table]) -> dict[bytes, dict[str, Any]]:
    """What readers see: the newest revision of each session that is not removed."""
    removed: dict[bytes, int] = {}
    for row in tables["session_changes"].to_pylist():
        removed[row["session_id"]] = max(removed.get(row["session_id"], 0), row["epoch"])
    newest = {}
    for row in sorted(plain(tables["sessions"]), key=lambda row: (row["epoch"], row["revision"])):
        if row["epoch"] >= removed.get(row["session_id"], 0):
            newest[row["session_id"]] = {name: row[name] for name in ORACLE_COLUMNS}
    return newest


def _cut_of(bench: Bench) -> Cut:
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    return cut


def _tail_rows(bench: Bench) -> int:
    with footfall.open(bench.home.root) as readers:
        (row,) = readers.sql("SELECT count(*) AS n, count(session_id) AS named FROM events").rows()
    assert row["n"] == row["named"]
    return int(row["n"])


def test_who_is_behind_shows_what_waits_at_once_when_it_is_not(tmp_path: Path) -> None:
    """Old requests with more behind them are put off; the last of them brings all to readers."""
    bench = Bench(tmp_path, *SETTINGS, "pipeline.micro_batch_requests_max=2")
    pipeline = bench.pipeline()
    bench.append([request(n, [event("v", START_US, n)], START_US) for n in range(6)])
    bench.clock.advance(10 * SECOND)
    for _ in range(2):
        pipeline.step()
        assert (_cut_of(bench).positions.total, _cut_of(bench).ledger.requests) == (0, 0)
    pipeline.step()
    assert (_cut_of(bench).positions.total, _cut_of(bench).ledger.events) == (6, 6)
    assert len(_cut_of(bench).tail["events"]) == 1
    assert _tail_rows(bench) == 6


def test_who_is_behind_shows_whole_epochs(tmp_path: Path) -> None:
    """Meanwhile the next epoch is read; a cut never has a part of it, and counters add up."""
    bench = Bench(
        tmp_path, *SETTINGS, "pipeline.micro_batch_requests_max=2", "pipeline.epoch_events_max=4"
    )
    pipeline = bench.pipeline()
    bench.append([request(n, [event("v", START_US, n)], START_US) for n in range(11)])
    bench.clock.advance(10 * SECOND)
    seen = []
    while pipeline.step():
        cut = _cut_of(bench)
        assert cut.ledger.requests == cut.positions.total
        assert _tail_rows(bench) == cut.positions.total
        seen.append(cut.positions.total)
    assert set(seen[:-1]) <= {0, 4, 8}
    assert seen[-1] == 11
    pipeline.finish()
    assert _tail_rows(bench) == 11
    assert Metadata.open(bench.home).ledger("default").problems() == []
