"""Results equal the statement over the tables, however events came and whatever died.

The oracle counts the events that were sent, in plain Python; it knows no SQL and no pipeline.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.clock import MINUTE, SECOND
from footfall.continuous import WindowResult
from footfall.continuous.consumer import make
from footfall.continuous.pending import Pending
from footfall.continuous.statement import WindowRef, moment
from footfall.continuous.stored import Results
from footfall.metadata import Metadata
from footfall.settings import QueryDefinition
from tests.pipeline.harness import Bench, event, request

GAP = MINUTE
SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "sessions.gap=1m",
    "sessions.hot_age=3m",
    "consumers.retry_min=1ms",
    "consumers.retry_max=2ms",
    "continuous.windows_per_run=7",
)
BY_NAME = 'SELECT event_name AS name, count(*) AS n FROM "window" GROUP BY event_name'
QUERIES = {
    "tumbling": QueryDefinition(BY_NAME, "1m", key=("name",)),
    "hopping": QueryDefinition('SELECT count(*) AS n FROM "window" HAVING n > 0', "3m by 1m"),
    "closing": QueryDefinition(
        'SELECT visitor_id, events FROM "window"', "session gap", "sessions"
    ),
    "inside": QueryDefinition(
        'WITH w AS (SELECT * FROM "window") SELECT count(*) AS n, min(visitor_id) AS v FROM w;',
        "session gap",
    ),
    "started": QueryDefinition(
        'SELECT sum(events) AS n FROM "window" HAVING n > 0', "2m", "sessions"
    ),
}

Sent = tuple[int, str, str]
"""When, who, what."""


def run(bench: Bench, queries: dict[str, QueryDefinition]) -> None:
    """Keep them, as `footfall continuous add` does."""
    metadata = Metadata.open(bench.home, bench.clock)
    metadata.create_project("default")
    for name, definition in queries.items():
        metadata.queries.put("default", name, definition, 50)
    metadata.close()


def settle(bench: Bench, pipeline: Any) -> None:
    """Commit everything, close every session, let the consumer ask all there is."""
    for _ in range(3):
        pipeline.finish()
        bench.clock.advance(10 * MINUTE)
        pipeline.step()
        assert pipeline.consumers.settle(60)
    waiting = 1
    while waiting:
        bench.clock.advance(2 * SECOND)
        pipeline.step()
        assert pipeline.consumers.settle(60)
        pending = Pending(bench.home.state_dir("default") / "consumers" / "continuous")
        waiting = sum(pending.count(name, version) for name in QUERIES for version in (1, 2))
        pending.close()
    pipeline.step()


def newest(found: list[WindowResult]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """By query and window start: rows in order of their text."""
    by_query: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for one in found:
        if one.rows:
            by_query[one.query].setdefault(one.window_start, []).extend(one.rows)
    return {
        name: {at: sorted(rows, key=str) for at, rows in windows.items()}
        for name, windows in by_query.items()
    }


def expected(sent: set[Sent]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """What each query says of the events, by query and window start."""
    tumbling: dict[int, Counter[str]] = defaultdict(Counter)
    hopping: Counter[int] = Counter()
    for at, _, name in sent:
        tumbling[at // MINUTE * MINUTE][name] += 1
        hopping.update(at // MINUTE * MINUTE - back * MINUTE for back in range(3))
    started: Counter[int] = Counter()
    closing: dict[int, list[dict[str, Any]]] = defaultdict(list)
    inside: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for visitor, start, events in sessions(sent):
        closing[start].append({"visitor_id": visitor, "events": events})
        inside[start].append({"n": events, "v": visitor})
        started[start // (2 * MINUTE) * 2 * MINUTE] += events
    raw: dict[str, dict[int, list[dict[str, Any]]]] = {
        "tumbling": {
            at: [{"name": name, "n": n} for name, n in counts.items()]
            for at, counts in tumbling.items()
        },
        "hopping": {at: [{"n": n}] for at, n in hopping.items()},
        "closing": closing,
        "inside": inside,
        "started": {at: [{"n": n}] for at, n in started.items()},
    }
    return {
        name: {
            moment(at).isoformat().replace("+00:00", "Z"): sorted(rows, key=str)
            for at, rows in windows.items()
        }
        for name, windows in raw.items()
    }


def sessions(sent: set[Sent]) -> Iterator[tuple[str, int, int]]:
    """Visitor, start and number of events of each session by a gap."""
    for visitor in sorted({who for _, who, _ in sent}):
        times = sorted(at for at, who, _ in sent if who == visitor)
        start, count = times[0], 1
        for before, at in itertools.pairwise(times):
            if at - before > GAP:
                yield visitor, start, count
                start, count = at, 0
            count += 1
        yield visitor, start, count


def dying(method: Callable[..., Any], at: set[int], *, after: bool) -> Callable[..., Any]:
    """Calls the method, and raises before or after those calls."""
    calls = iter(range(1, 1_000_000))

    def call(*arguments: Any, **named: Any) -> Any:
        number = next(calls)
        if number in at and not after:
            raise ConnectionAbortedError("died before")
        found = method(*arguments, **named)
        if number in at:
            raise ConnectionAbortedError("died after")
        return found

    return call


@pytest.mark.slow
def test_newest_revisions_equal_the_statements_over_all_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late and repeated events, restarts, and deaths around the commit of results.

    Each revision is there once, they count from 1, and each says something new.
    """
    chance = random.Random(20261129)  # noqa: S311
    monkeypatch.setattr(Results, "commit", dying(Results.commit, {2, 4}, after=True))
    monkeypatch.setattr(Results, "changed", dying(Results.changed, {9}, after=False))
    monkeypatch.setattr(Pending, "done", dying(Pending.done, {3}, after=False))
    bench = Bench(tmp_path, *SETTINGS)
    bench.consumers = {"continuous": make}
    run(bench, QUERIES)
    pipeline = bench.pipeline()
    sent: dict[int, Sent] = {}
    number = 0
    for turn in range(10):
        batch = []
        for _ in range(chance.randrange(1, 8)):
            now = bench.clock.now_us()
            late = chance.choice((0, 0, 0, 40, 130, 700)) * SECOND
            who, what = chance.choice("abc"), chance.choice(("view", "buy"))
            if sent and chance.random() < 0.2:
                again = chance.choice(list(sent))
                at, who, what = sent[again]
                batch.append(event(who, at, again, name=what))
                continue
            at = now - late - chance.randrange(10) * SECOND
            sent[number] = (at, who, what)
            batch.append(event(who, at, number, name=what))
            number += 1
        bench.append([request(turn, batch, bench.clock.now_us())])
        bench.clock.advance(chance.randrange(5, 90) * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        pipeline.consumers.settle(20)
        if turn == 5:
            pipeline = bench.pipeline()
    settle(bench, pipeline)
    with footfall.open(bench.home.root) as opened:
        shown = newest(opened.continuous.results())
        every = opened.continuous.results(all_revisions=True)
        view = opened.sql("SELECT name, sum(n) AS n FROM continuous_tumbling GROUP BY name").rows()
    bench.stop_consumers()
    assert shown == expected(set(sent.values()))
    assert {row["name"]: int(row["n"]) for row in view} == Counter(
        what for _, _, what in sent.values()
    )
    revisions: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for one in every:
        rows = str(sorted(one.rows, key=str))
        revisions[one.query, one.window_id].append((one.revision, rows))
    for of_window in revisions.values():
        ordered = sorted(of_window)
        assert [revision for revision, _ in ordered] == list(range(1, len(ordered) + 1))
        assert all(one[1] != other[1] for one, other in itertools.pairwise(ordered))
    assert max(len(of_window) for of_window in revisions.values()) > 1, "no late event had effect"
    assert sum("died" in line for line in bench.told) >= 4


def test_a_session_that_a_late_event_joins_to_another_takes_its_result_back(
    tmp_path: Path,
) -> None:
    """Both were closed and answered; of the one that is no more the newest answer has no rows."""
    bench = Bench(tmp_path, *SETTINGS)
    bench.consumers = {"continuous": make}
    run(bench, {"closing": QUERIES["closing"]})
    pipeline = bench.pipeline()
    start = bench.clock.now_us()
    for turn, seconds in enumerate(((0, 90), (45,))):
        events = [event("v", start + at * SECOND, at) for at in seconds]
        bench.clock.advance(3 * MINUTE)
        bench.append([request(turn, events, bench.clock.now_us())])
        settle(bench, pipeline)
    with footfall.open(bench.home.root) as opened:
        found = opened.continuous.results("closing")
        shown = opened.sql("SELECT events FROM continuous_closing").rows()
    bench.stop_consumers()
    assert sorted((one.revision, [row["events"] for row in one.rows]) for one in found) == [
        (2, []),
        (2, [3]),
    ]
    assert shown == [{"events": 3}]


def test_a_window_waits_until_the_cut_has_the_epoch_that_changed_it(tmp_path: Path) -> None:
    """Asked of an older cut it would miss the epoch's events, and nobody would ask again."""
    pending = Pending(tmp_path)
    window = WindowRef("w", MINUTE, 2 * MINUTE)
    pending.add(7, {("q", 1): [window]}, 10)
    due = {epoch: pending.due("q", 1, 2 * MINUTE, epoch, 10) for epoch in (6, 7)}
    assert due == {6: [], 7: [(window, 7)]}
    pending.add(8, {("q", 1): [window]}, 10)
    pending.done("q", 1, due[7])
    assert pending.due("q", 1, 2 * MINUTE, 8, 10) == [(window, 8)]
    assert pending.due("q", 1, 2 * MINUTE - 1, 8, 10) == []
    pending.close()
