"""One suite for every log: what a stage that reads or writes one may rely on."""

from __future__ import annotations

import pytest

from footfall.errors import Closed
from footfall.log import Log

ALL = {"records_max": 1000, "bytes_max": 1 << 20}


def record(number: int) -> bytes:
    return f"record {number}".encode()


def filled(log: Log, count: int, group: int = 1) -> list[tuple[int, bytes]]:
    for first in range(0, count, group):
        log.append([record(number) for number in range(first, min(first + group, count))])
    return [(number, record(number)) for number in range(count)]


def test_new_log_is_empty(log: Log) -> None:
    """A new log begins at offset 0: readers start there without asking."""
    assert (log.start_offset(), log.end_offset(), log.read(0, **ALL)) == (0, 0, [])


def test_append_returns_the_first_offset_of_its_group(log: Log) -> None:
    """Offsets count records, not groups; without records nothing changes."""
    offsets = [log.append([b"a"]), log.append([b"b", b"c"]), log.append([]), log.append([b"d"])]
    assert offsets == [0, 1, 3, 3]
    assert log.read(0, **ALL) == [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"d")]


@pytest.mark.parametrize("group", [1, 7, 50])
def test_read_gives_everything_in_order(log: Log, group: int) -> None:
    """However records were grouped and segments cut, a reader sees one sequence without gaps."""
    expected = filled(log, 50, group)
    assert log.read(0, **ALL) == expected
    assert [log.read(offset, **ALL) for offset in range(52)] == [
        expected[offset:] for offset in range(52)
    ]


@pytest.mark.parametrize("records_max", [1, 3, 49, 50, 51])
def test_read_stops_at_records_max(log: Log, records_max: int) -> None:
    """A reader bounds its memory and goes on where it stopped."""
    expected = filled(log, 50, 7)
    found: list[tuple[int, bytes]] = []
    while part := log.read(len(found), records_max=records_max, bytes_max=1 << 20):
        assert len(part) <= records_max
        found += part
    assert found == expected


def test_read_stops_with_the_record_that_reaches_bytes_max(log: Log) -> None:
    """One record is given however large it is, or a reader could never pass it."""
    log.append([b"x" * 1000, b"y" * 10, b"z" * 10])
    assert log.read(0, records_max=9, bytes_max=1) == [(0, b"x" * 1000)]
    assert log.read(1, records_max=9, bytes_max=11) == [(1, b"y" * 10), (2, b"z" * 10)]


def test_empty_and_large_records_come_back_whole(log: Log) -> None:
    """Records are opaque bytes of any length."""
    records = [b"", bytes(range(256)) * 4096, b"", b"\0", b"x" * 300_000, b""]
    log.append(records)
    assert log.read(0, records_max=99, bytes_max=1 << 30) == list(enumerate(records))


def test_trim_never_takes_a_record_at_or_above_its_bound(log: Log) -> None:
    """Trimming is allowed to forget, never beyond what consumers have passed."""
    expected = filled(log, 60)
    allowed = 0
    for before in (*range(45), 40, 10, 60, 99):
        log.trim(before)
        start = log.start_offset()
        allowed = max(allowed, before)
        assert start <= allowed
        assert log.read(0, **ALL) == expected[start:]
    assert log.start_offset() > 0
    assert log.end_offset() == 60


def test_trimmed_log_goes_on_counting(log: Log) -> None:
    """An offset is never given twice, even when everything before it was forgotten."""
    filled(log, 60)
    log.trim(60)
    assert log.append([b"next"]) == 60
    assert log.read(60, **ALL) == [(60, b"next")]


def test_read_below_the_start_begins_with_the_oldest(log: Log) -> None:
    """A consumer that slept too long goes on with what there is and sees the jump in offsets."""
    expected = filled(log, 60)
    log.trim(30)
    assert log.read(0, records_max=1, bytes_max=1) == [expected[log.start_offset()]]


def test_what_fits_begins_with_a_segment(log: Log) -> None:
    """A bound on bytes keeps the newest whole segments, and always the one being written."""
    assert log.offset_within(1) == 0
    filled(log, 60)
    kept = [log.offset_within(bytes_max) for bytes_max in (1, 1 << 30)]
    assert kept[1] == 0
    assert 0 < kept[0] < 60
    log.trim(kept[0])
    assert log.start_offset() == kept[0]
    assert log.offset_within(1) == kept[0]
    assert log.end_offset() == 60


def test_closed_log_refuses_everything(log: Log) -> None:
    """Use after close is a bug of the caller that must show."""
    log.close()
    log.close()
    calls = (
        lambda: log.append([b"x"]),
        lambda: log.read(0, **ALL),
        log.start_offset,
        log.end_offset,
        lambda: log.trim(0),
    )
    for call in calls:
        with pytest.raises(Closed):
            call()
