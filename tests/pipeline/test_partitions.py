"""Three partitions give the rows of one: whatever order they are read in, through deaths.

The oracle is the same traffic in a log of one partition. Where a request lies in the log is all
that may differ.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.lake.cut import read_cut
from footfall.metadata import Metadata
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline.epoch.plan import EpochPlan, decode_plan
from footfall.pipeline.feed.frontier import Frontier
from footfall.positions import Place, Positions
from footfall.request import Request, encode_request
from footfall.settings import load_settings
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.harness import START_US, Bench, Crash, Faults, event, request
from tests.pipeline.test_pipeline import SETTINGS, _drive, _traffic
from tests.scale import scaled

LAG = load_settings().pipeline.watermark_lag
PARTITIONS = 3
_POSITION = ("log_partition", "log_offset")


class Spread(Bench):
    """A log of several partitions, each request in one by chance: a visitor's are everywhere."""

    def __init__(self, directory: Path, *overrides: str, seed: int) -> None:
        super().__init__(directory, *overrides)
        self.log = MemoryLog(partitions=PARTITIONS)
        self._chance = random.Random(seed)  # noqa: S311 (seeded on purpose)

    def append(self, requests: Any) -> None:
        for one in requests:
            self.log.append([encode_request(one)], self._chance.randrange(PARTITIONS))


def rows(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table without their order, and without where requests lie in the log."""
    found = {}
    for name, table in bench.tables().items():
        kept = [one for one in table.column_names if one not in _POSITION]
        found[name] = sorted(map(str, table.select(kept).to_pylist()))
    return found


def ledgers(bench: Bench) -> list[Any]:
    epochs = Metadata.open(bench.home).last_epochs("default", 1_000)
    return [(one.epoch, one.log_to.total, one.watermark, one.ledger) for one in epochs]


def work_off(bench: Bench, batches: Sequence[list[Request]]) -> Pipeline:
    """Each batch is read to the log's head, however many micro-batches that takes."""
    pipeline = bench.pipeline()
    for requests in batches:
        bench.append(requests)
        read_all(bench, pipeline)
        bench.clock.advance(70 * SECOND)
    pipeline.finish()
    return pipeline


def read_all(bench: Bench, pipeline: Pipeline) -> None:
    while pipeline.step():
        pass
    bench.clock.advance(20 * SECOND)
    pipeline.step()
    pipeline._take_commit(wait=True)


@pytest.mark.parametrize("seed", range(scaled(1, 20)))
def test_three_partitions_give_the_rows_of_one(seed: int, tmp_path: Path) -> None:
    """Rows, ids, sessions, epochs, watermarks, ledgers, of traffic with repeats and conflicts."""
    batches = _traffic(seed, 6)
    one = Bench(tmp_path / "one", *SETTINGS)
    work_off(one, batches)
    three = Spread(tmp_path / "three", *SETTINGS, seed=seed)
    work_off(three, batches)
    assert rows(three) == rows(one)
    assert ledgers(three) == ledgers(one)
    ledger = Metadata.open(three.home).ledger("default")
    assert ledger.problems() == []
    assert min(ledger.duplicates, ledger.failed, ledger.events) > 0
    assert all(three.log.ends()[partition] > 0 for partition in range(PARTITIONS))


def test_each_row_says_where_its_request_is(tmp_path: Path) -> None:
    """A row without its partition could not be followed to the request it was made of."""
    bench = Spread(tmp_path, *SETTINGS, seed=1)
    work_off(bench, _traffic(1, 8))
    for table in ("events", "failed_events"):
        found = bench.tables()[table].select(["log_partition", "log_offset", "request_id"])
        for row in found.to_pylist():
            partition, offset = row["log_partition"], row["log_offset"]
            (record,) = bench.log.read(offset, records_max=1, bytes_max=1, partition=partition)
            assert row["request_id"] in record[1]
        assert len(set(found.column("log_partition").to_pylist())) == PARTITIONS


def _reversed(self: Frontier, positions: Positions, ends: Positions) -> int | None:
    """As `Frontier.look` would never choose: the last partition first."""
    _look(self, positions, ends)
    return max(self._waiting, default=None)


_look = Frontier.look


@pytest.mark.parametrize("requests_max", [1, 1000])
def test_the_order_in_which_partitions_are_read_does_not_matter(
    requests_max: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of two events with one id is met first is chance; which is kept follows from them."""
    found = []
    for name in ("as it is", "the other way round"):
        bench = Spread(
            tmp_path / name, *SETTINGS, f"pipeline.micro_batch_requests_max={requests_max}", seed=5
        )
        if found:
            monkeypatch.setattr(Frontier, "look", _reversed)
        work_off(bench, _traffic(5, 6))
        found.append((rows(bench), ledgers(bench)))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "other", [{}, {"page": {"url": "https://shop.example/other"}}], ids=["repeat", "conflict"]
)
def test_of_an_epoch_the_first_that_was_received_counts(
    other: dict[str, Any], tmp_path: Path
) -> None:
    """The later one is read first, from another partition: it is a duplicate or a conflict."""
    bench = Spread(tmp_path, *SETTINGS, seed=1)
    early = request(1, [event("v", START_US, 7)], START_US)
    late = request(2, [event("v", START_US, 7, **other)], START_US + SECOND)
    pipeline = bench.pipeline()
    bench.log.append([encode_request(late)], 0)
    pipeline.step()
    bench.log.append([encode_request(early)], 2)
    read_all(bench, pipeline)
    pipeline.finish()
    (kept,) = bench.tables()["events"].to_pylist()
    assert kept["request_id"] == early.request_id
    failed = bench.tables()["failed_events"].to_pylist()
    assert [row["request_id"] for row in failed] == ([late.request_id] if other else [])
    ledger = Metadata.open(bench.home).ledger("default")
    assert (ledger.duplicates, ledger.failed) == ((0, 1) if other else (1, 0))
    assert ledger.problems() == []


def test_of_two_epochs_the_earlier_counts(tmp_path: Path) -> None:
    """What was received before it, and read after, is a repeat: rows of the lake are not undone."""
    bench = Spread(tmp_path, *SETTINGS, seed=1)
    pipeline = bench.pipeline()
    for number, at in ((2, START_US + SECOND), (1, START_US)):
        bench.log.append([encode_request(request(number, [event("v", START_US, 7)], at))], number)
        read_all(bench, pipeline)
    pipeline.finish()
    (kept,) = bench.tables()["events"].to_pylist()
    assert kept["log_partition"] == 2
    assert Metadata.open(bench.home).ledger("default").duplicates == 1


@pytest.mark.parametrize("seed", range(scaled(1, 12)))
def test_redone_in_another_order_after_a_death_the_rows_are_equal(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the plan and the commits: the next process reads partition by partition.

    The first one read them in turn, a request at a time, and met other events of an id first.
    """
    batches = _traffic(20 + seed, 5)
    fine = ("pipeline.micro_batch_requests_max=1",)
    whole = Spread(tmp_path / "whole", *SETTINGS, *fine, seed=seed)
    work_off(whole, batches)
    killed = Spread(tmp_path / "killed", *SETTINGS, *fine, seed=seed)
    faults = Faults()
    pipeline = killed.pipeline(faults)
    for number, requests in enumerate(batches):
        killed.append(requests)
        while pipeline.step():
            pass
        killed.clock.advance(20 * SECOND)
        if number == 2:
            faults._die_at = faults.count + 4  # the plan is two effects, then the first commit's
        with_crash = number == 2
        try:
            pipeline.step()
            pipeline._take_commit(wait=True)
        except Crash:
            assert with_crash
            pipeline._executor.shutdown(wait=True)
            monkeypatch.setattr(Frontier, "look", _reversed)
            pipeline = killed.pipeline()
            with_crash = False
        assert not with_crash
        killed.clock.advance(70 * SECOND)
    pipeline.finish()
    assert rows(killed) == rows(whole)
    assert ledgers(killed) == ledgers(whole)


@pytest.mark.slow
def test_death_at_every_effect_changes_nothing_on_three_partitions(tmp_path: Path) -> None:
    """As on one partition: before and after each plan, commit, note, checkpoint and cut."""
    from tests.pipeline.test_pipeline import _survives

    batches = _traffic(3, 3)
    whole = Spread(tmp_path / "whole", *SETTINGS, *_ALL_AT_ONCE, seed=3)
    faults = Faults()
    pipeline = whole.pipeline(faults)
    _drive(whole, pipeline, batches)
    pipeline.finish()
    for die_at in range(3, faults.count + 1, scaled(53, 3)):
        bench = Spread(tmp_path / str(die_at), *SETTINGS, seed=3)
        _survives(bench, batches, die_at)
        found = bench.tables()
        assert sorted(found["events"].column("event_id").to_pylist()) == sorted(
            whole.tables()["events"].column("event_id").to_pylist()
        ), f"{die_at=}"
        assert Metadata.open(bench.home).ledger("default").problems() == []


_ALL_AT_ONCE = ("pipeline.micro_batch_requests_max=1000",)


def _watermark(bench: Bench) -> int:
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    return cut.watermark


def test_a_partition_that_is_behind_holds_the_watermark_back_and_one_at_its_head_does_not(
    tmp_path: Path,
) -> None:
    """Sessions close when nothing can come any more that belongs to them."""
    bench = Spread(tmp_path, *SETTINGS, "pipeline.micro_batch_requests_max=1", seed=1)
    pipeline = bench.pipeline()
    pipeline.step()
    begin = bench.clock.now_us()
    bench.clock.advance(2 * HOUR)
    slow = [begin + number * MINUTE for number in range(3)]
    for number, at in enumerate(slow):
        bench.log.append([encode_request(request(number, [event("v", at, number)], at))], 1)
    fast = begin + HOUR
    bench.log.append([encode_request(request(9, [event("w", fast, 9)], fast))], 2)
    seen = []
    while pipeline.step():
        seen.append(pipeline._watermark)
    # Partition 2 waits, unread, while the first request of 1 is read; then 1 holds it back until
    # it is read up; 0 is at its head all the time and never does.
    assert seen[0] <= begin
    assert seen[1:] == [slow[0] - LAG, slow[1] - LAG, slow[2] - LAG]
    bench.clock.advance(SECOND)
    pipeline.step()
    assert pipeline._watermark == bench.clock.now_us() - LAG
    assert _watermark(bench) <= pipeline._watermark


def test_a_session_spread_over_partitions_is_not_closed_while_one_of_them_is_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of its events wait in a slow partition: closed too early it would be written twice.

    One partition is read to its head, in several epochs, before anything of the other.
    """
    monkeypatch.setattr(Frontier, "look", _reversed)
    small = ("pipeline.micro_batch_requests_max=1", "pipeline.epoch_events_max=3")
    bench = Spread(tmp_path, *SETTINGS, *small, seed=1)
    pipeline = bench.pipeline()
    begin = bench.clock.now_us()
    bench.clock.advance(2 * HOUR)
    for number in range(20):
        at = begin + number * 4 * MINUTE
        one = request(number, [event("v", at, number)], at)
        bench.log.append([encode_request(one)], number % 2)
    while pipeline.step():
        pipeline._take_commit(wait=True)
    read_all(bench, pipeline)
    pipeline.finish()
    (session,) = bench.tables()["sessions"].to_pylist()
    assert (session["events"], session["revision"]) == (20, 1)


def _plans(bench: Bench) -> list[EpochPlan]:
    return [decode_plan(text) for text in Metadata.open(bench.home).plans_after("default", 0)]


def test_plans_checkpoints_and_cuts_say_every_partition(tmp_path: Path) -> None:
    """Plans follow each other without a gap; the newest checkpoint and the cut are at the end."""
    bench = Spread(tmp_path, *SETTINGS, seed=2)
    work_off(bench, _traffic(2, 5))
    plans = _plans(bench)
    assert plans[0].log_from == Positions()
    assert all(a.log_to == b.log_from for a, b in pairwise(plans))
    assert plans[-1].log_to == bench.log.ends()
    assert len(bench.log.ends().offsets) == PARTITIONS
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    assert cut.positions == bench.log.ends()
    newest = max(bench.home.state_dir("default").glob("checkpoint-*"))
    note = json.loads((newest / "note.json").read_bytes())
    assert tuple(note["log_to"]["offsets"]) == bench.log.ends().offsets


def test_partitions_are_trimmed_each_below_what_a_checkpoint_needs(tmp_path: Path) -> None:
    """A restart from the oldest kept checkpoint reads on in every partition."""
    bench = Spread(
        tmp_path, *SETTINGS, "pipeline.checkpoint_epochs=1", "log.keep_age_min=1s", seed=4
    )
    bench.log = MemoryLog(segment_records=1, partitions=PARTITIONS)
    work_off(bench, _traffic(4, 8))
    kept = sorted(bench.home.state_dir("default").glob("checkpoint-*"))
    oldest = json.loads((kept[0] / "note.json").read_bytes())["log_to"]["offsets"]
    starts = bench.log.starts()
    assert starts <= Positions(tuple(oldest))
    assert all(starts[partition] > 0 for partition in range(PARTITIONS))
    bench.pipeline().finish()
    assert Metadata.open(bench.home).ledger("default").problems() == []


def test_a_log_that_gets_more_partitions_goes_on(tmp_path: Path) -> None:
    """Positions written before do not name them: they are read from their beginning."""
    bench = Bench(tmp_path, *SETTINGS)
    work_off(bench, _traffic(6, 2))
    grown = MemoryLog(partitions=2)
    records = bench.log.read(0, records_max=10_000, bytes_max=1 << 30)
    grown.append([record for _, record in records], 0)
    grown.append([encode_request(request(900, [event("new", START_US, 900)], START_US))], 1)
    bench.log = grown
    pipeline = bench.pipeline()
    read_all(bench, pipeline)
    pipeline.finish()
    visitors = bench.tables()["events"].column("visitor_id").to_pylist()
    assert visitors.count("new") == 1
    assert _plans(bench)[-1].log_to == grown.ends()


def test_poison_is_put_aside_where_it_is(tmp_path: Path) -> None:
    """The same offset of another partition is somebody else's request."""
    bench = Spread(tmp_path, *SETTINGS, seed=1)
    for partition in range(PARTITIONS):
        one = request(partition, [event(f"v{partition}", START_US, partition)], START_US)
        bench.log.append([encode_request(one)], partition)
    metadata = Metadata.open(bench.home)
    metadata.create_project("default")
    metadata.quarantine("default", [Place(1, 0)])
    pipeline = bench.pipeline()
    read_all(bench, pipeline)
    pipeline.finish()
    assert sorted(bench.tables()["events"].column("visitor_id").to_pylist()) == ["v0", "v2"]
    (failed,) = bench.tables()["failed_events"].to_pylist()
    assert (failed["log_partition"], failed["log_offset"], failed["reason"]) == (1, 0, "poison")
    assert [plan.quarantined for plan in _plans(bench)] == [(Place(1, 0),)]
