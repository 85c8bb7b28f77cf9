"""Requests that take too long are put aside while the pipeline lives; neighbours are exact."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.cli.operating.doctor import checks
from footfall.clock import SECOND
from footfall.decode import _decode as decode_module
from footfall.decode import decoders
from footfall.decode.blocks.records import Decoder, Outcome
from footfall.lake import TABLES, Lake
from footfall.metadata import Metadata
from footfall.pipeline._trouble import Trouble, read_trouble, trouble_file
from footfall.pipeline.epoch.prepare import Prepared
from footfall.pipeline.poison.bounds import Late
from footfall.positions import Place
from footfall.request import LoggedRequest, Request
from footfall.settings import DecodeSettings
from footfall.studio import read_status
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.harness import START_US, Bench, Crash, Faults, event, request
from tests.pipeline.plug_in import PROTOCOL

COUNT = 30
OVERRIDES = ("pipeline.micro_batch_requests_max=12", "pipeline.epoch_events_max=16")
_KEYS = ("epoch", "log_offset", "request_index", "session_id", "event_id")


class Plug:
    """A decoder for which the alarm rings at some requests, every time."""

    def __init__(self) -> None:
        self.slow: set[int] = set()
        """By `received_at`."""
        self.calls: list[int] = []

    def decode(self, logged: LoggedRequest, settings: DecodeSettings) -> Outcome:
        self.calls.append(logged.offset)
        if logged.request.received_at in self.slow:
            raise Late
        return decoders()["footfall"](logged, settings)


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> Plug:
    made = Plug()
    known: Mapping[str, Decoder] = {**decoders(), PROTOCOL: made.decode}
    monkeypatch.setattr(decode_module, "decoders", lambda: known)
    return made


def _at(number: int) -> int:
    return START_US + number * SECOND


def _requests(*, unknown: frozenset[int] = frozenset()) -> list[Request]:
    """One event each; those of `unknown` are failed events wherever they are decoded."""
    return [
        msgspec.structs.replace(
            request(number, [event(f"v{number % 4}", _at(number), number)], _at(number)),
            protocol=PROTOCOL,
            app_id=None if number in unknown else "shop",
        )
        for number in range(COUNT)
    ]


def _work_off(bench: Bench, faults: Faults | None = None) -> None:
    pipeline = bench.pipeline(faults)
    while pipeline.step():
        pipeline._take_commit(wait=True)
    pipeline.finish()
    pipeline.close()


def _rows(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for name, table in bench.tables().items():
        by = [(key, "ascending") for key in _KEYS if key in table.column_names]
        found[name] = table.sort_by(by).to_pylist()
    return found


def _trouble(bench: Bench) -> Trouble:
    return read_trouble(trouble_file(bench.home, "default"))


def _deaths(bench: Bench) -> int:
    text = (bench.home.state_dir("default") / "attempts.json").read_text()
    return int(re.search(r'"deaths":(\d+)', text)[1])  # type: ignore[index]


def _expected(tmp_path: Path, hostile: frozenset[int]) -> dict[str, list[dict[str, Any]]]:
    """Rows of the same stream where the hostile ones were never anything but failed events."""
    bench = Bench(tmp_path / "expected", *OVERRIDES)
    bench.append(_requests(unknown=hostile))
    _work_off(bench)
    return _rows(bench)


def _check(bench: Bench, tmp_path: Path, hostile: frozenset[int]) -> None:
    """Everything but the hostile is as without them, and they are failed events with payload."""
    found, expected = _rows(bench), _expected(tmp_path, hostile)
    failed = found["failed_events"]
    assert [(row["log_offset"], row["reason"]) for row in failed] == [
        (number, "poison") for number in sorted(hostile)
    ]
    assert all(b'"events"' in row["payload"] for row in failed)
    del found["failed_events"], expected["failed_events"]
    for rows in (found, expected):  # where epochs are cut depends on micro-batches
        for row in (one for table in rows.values() for one in table):
            row.pop("epoch", None)
    assert {name: len(rows) for name, rows in found.items()} == {
        name: len(rows) for name, rows in expected.items()
    }
    assert found["events"] == expected["events"]
    with_ledger = Metadata.open(bench.home)
    assert with_ledger.ledger("default").problems() == []
    assert with_ledger.quarantined("default") == tuple(
        Place(0, offset) for offset in sorted(hostile)
    )


@pytest.mark.parametrize("hostile", [{0}, {17}, {5, 6, 7}, {3, 14, 29}], ids=str)
def test_late_requests_fail_alone_and_nobody_dies(
    tmp_path: Path, plug: Plug, hostile: set[int]
) -> None:
    """The batch is halved and tried again; one that is late alone is put aside, with its name."""
    bench = Bench(tmp_path / "home", *OVERRIDES)
    plug.slow = {_at(number) for number in hostile}
    bench.append(_requests())
    _work_off(bench)
    _check(bench, tmp_path, frozenset(hostile))
    assert _deaths(bench) == 0
    # A hostile one costs two times the clock: with its neighbours, and alone.
    for number in hostile:
        assert plug.calls.count(number) <= 3
    assert len(plug.calls) < 6 * COUNT
    halved = [line for line in bench.told if re.search(r"took 30 s and was halved; trying", line)]
    assert halved
    named = {one.offset: str(one) for one in _trouble(bench).quarantined}
    assert named.keys() == hostile
    assert all("protocol poisonous, app shop" in text for text in named.values())


def test_what_is_done_is_said_until_an_epoch_is_committed(tmp_path: Path, plug: Plug) -> None:
    bench = Bench(tmp_path / "home", *OVERRIDES)
    plug.slow = {_at(3)}
    bench.append(_requests())
    pipeline = bench.pipeline()
    pipeline.step()
    said = _trouble(bench)
    assert said.doing == "decoding requests 0 to 11 took 30 s and was halved; trying 0 to 2"
    assert [one.offset for one in said.suspects] == [3]
    (line,) = said.lines(said.since + 90 * SECOND)
    assert line.startswith("the pipeline has been held up for 90 s: decoding requests 0 to 11")
    assert "it is at offset 3 (request " in line
    bench.clock.advance(90 * SECOND)
    status = read_status(bench.home, "default", bench.clock, MemoryLog)
    assert line in status.problems
    (shown,) = (check for check in checks(bench.home, "default") if check.name == "poison")
    assert shown.state == "attention"
    assert "decoding requests 0 to 11 took 30 s and was halved; trying 0 to 2" in shown.message
    pipeline.finish()
    pipeline.close()
    assert _trouble(bench).is_over
    assert _trouble(bench).lines(said.since) == []


def test_epochs_redone_after_a_crash_give_equal_rows(tmp_path: Path, plug: Plug) -> None:
    """Who is put aside is in the plan: dying anywhere changes nothing."""
    hostile = frozenset({4, 21})
    plug.slow = {_at(number) for number in hostile}
    for die_at in range(2, 60, 7):
        bench = Bench(tmp_path / str(die_at), *OVERRIDES)
        bench.append(_requests())
        try:
            _work_off(bench, Faults(die_at))
        except Crash:
            plug.slow = set()  # the plan decides, not what would happen now
            _work_off(bench)
            plug.slow = {_at(number) for number in hostile}
        found = {row["log_offset"] for row in _rows(bench)["failed_events"]}
        assert found <= hostile
        events = [row["log_offset"] for row in _rows(bench)["events"]]
        assert sorted([*events, *found]) == list(range(COUNT))
        assert Metadata.open(bench.home).ledger("default").problems() == []


def _die_in_a_commit(bench: Bench, table: str) -> None:
    """The first epoch is in tables before `table` and in no other."""
    pipeline = bench.pipeline()
    commit = pipeline._lake.commit

    def dying(name: str, *arguments: Any) -> Any:
        if name == table:
            raise Crash
        return commit(name, *arguments)

    pipeline._lake.commit = dying  # type: ignore[method-assign]
    pipeline.step()
    pipeline.step()
    with pytest.raises(Crash):
        pipeline._take_commit(wait=True)


def test_a_half_committed_epoch_is_given_back_when_a_request_of_it_is_late(
    tmp_path: Path, plug: Plug
) -> None:
    """It was decoded before and cannot be now: the plan changes, and no table has the old rows."""
    bench = Bench(tmp_path / "home", *OVERRIDES)
    bench.append(_requests())
    _die_in_a_commit(bench, [name for name in TABLES if name != "query_results"][-1])
    assert Lake(bench.home.lake_dir, "default").epoch(next(iter(TABLES))) == 1
    plug.slow = {_at(2)}
    _work_off(bench)
    _check(bench, tmp_path, frozenset({2}))
    assert any("tables gave back an epoch" in line for line in bench.told)


def test_a_committed_epoch_stays_when_a_request_of_it_is_late(tmp_path: Path, plug: Plug) -> None:
    """No checkpoint: it would be redone. The lake has it, so the pipeline goes on from there."""
    bench = Bench(tmp_path / "home", *OVERRIDES)
    bench.append(_requests())
    _work_off(bench)
    before = _rows(bench)
    for file in bench.home.state_dir("default").glob("checkpoint-*"):
        file.rename(file.with_name(f"gone-{file.name}"))
    plug.slow = {_at(2)}
    _work_off(bench)
    _work_off(bench)  # and the next start has its checkpoint
    assert _rows(bench)["events"] == before["events"]


def test_what_a_search_found_in_a_committed_epoch_is_not_decoded_again(
    tmp_path: Path, plug: Plug
) -> None:
    """It would end the process again, at each start: the lake has the epoch, as it was then."""
    bench = Bench(tmp_path / "home", *OVERRIDES)
    bench.append(_requests())
    _work_off(bench)
    before = _rows(bench)
    for file in bench.home.state_dir("default").glob("checkpoint-*"):
        file.rename(file.with_name(f"gone-{file.name}"))
    Metadata.open(bench.home).quarantine("default", [Place(0, 2)], term=1)
    plug.calls.clear()
    _work_off(bench)
    assert 2 not in plug.calls
    assert _rows(bench)["events"] == before["events"]


def test_a_batch_of_one_gets_a_second_chance(tmp_path: Path, plug: Plug) -> None:
    """A process that is stopped for a while must not cost anybody an event."""
    bench = Bench(tmp_path / "home", *OVERRIDES)
    bench.append(_requests()[:1])
    rings: list[Callable[[], None]] = [_ring]

    def bound(seconds: float, work: Callable[[], Any]) -> Any:
        found = work()
        if isinstance(found, Prepared) and rings:
            rings.pop()()
        return found

    bench.bound = bound
    _work_off(bench)
    assert not rings
    assert [row["log_offset"] for row in _rows(bench)["events"]] == [0]
    assert Metadata.open(bench.home).quarantined("default") == ()


def _ring() -> None:
    raise Late
