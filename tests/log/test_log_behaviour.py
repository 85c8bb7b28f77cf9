"""One suite for every log: what a stage that reads or writes one may rely on.

Each test works in one partition, of a log of one or the last of several: offsets, reading and
trimming are as if the others were not there. What holds between partitions is at the end.
"""

from __future__ import annotations

import pytest

from footfall.errors import Closed, Invalid
from footfall.log import Log
from footfall.positions import Place, Positions


class Part:
    """One partition of a log."""

    def __init__(self, log: Log, partition: int) -> None:
        self.log = log
        self.partition = partition

    def append(self, records: list[bytes]) -> int:
        place = self.log.append(records, self.partition)
        assert place.partition == self.partition
        return place.offset

    def read(
        self, offset: int, records_max: int = 1000, bytes_max: int = 1 << 20
    ) -> list[tuple[int, bytes]]:
        return self.log.read(
            offset, records_max=records_max, bytes_max=bytes_max, partition=self.partition
        )

    def start(self) -> int:
        return self.log.starts()[self.partition]

    def end(self) -> int:
        return self.log.ends()[self.partition]

    def at(self, offset: int) -> Positions:
        return Positions().advanced(self.partition, offset)

    def trim(self, before: int) -> None:
        self.log.trim(self.at(before))

    def within(self, bytes_max: int) -> int:
        return self.log.positions_within(bytes_max)[self.partition]


@pytest.fixture
def part(log: Log, partition: int) -> Part:
    return Part(log, partition)


def record(number: int) -> bytes:
    return f"record {number}".encode()


def filled(part: Part, count: int, group: int = 1) -> list[tuple[int, bytes]]:
    for first in range(0, count, group):
        part.append([record(number) for number in range(first, min(first + group, count))])
    return [(number, record(number)) for number in range(count)]


def test_new_log_is_empty(part: Part) -> None:
    """A new log begins at offset 0: readers start there without asking."""
    assert (part.start(), part.end(), part.read(0)) == (0, 0, [])
    assert part.log.starts() == part.log.ends() == Positions()


def test_append_returns_the_first_offset_of_its_group(part: Part) -> None:
    """Offsets count records, not groups; without records nothing changes."""
    offsets = [part.append([b"a"]), part.append([b"b", b"c"]), part.append([]), part.append([b"d"])]
    assert offsets == [0, 1, 3, 3]
    assert part.read(0) == [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"d")]


@pytest.mark.parametrize("group", [1, 7, 50])
def test_read_gives_everything_in_order(part: Part, group: int) -> None:
    """However records were grouped and segments cut, a reader sees one sequence without gaps."""
    expected = filled(part, 50, group)
    assert part.read(0) == expected
    for offset in (*range(1, 9), *range(47, 52)):
        assert part.read(offset) == expected[offset:]


@pytest.mark.parametrize("records_max", [1, 3, 49, 50, 51])
def test_read_stops_at_records_max(part: Part, records_max: int) -> None:
    """A reader bounds its memory and goes on where it stopped."""
    expected = filled(part, 50, 7)
    found: list[tuple[int, bytes]] = []
    while read := part.read(len(found), records_max=records_max):
        assert len(read) <= records_max
        found += read
    assert found == expected


def test_read_stops_with_the_record_that_reaches_bytes_max(part: Part) -> None:
    """One record is given however large it is, or a reader could never pass it."""
    part.append([b"x" * 1000, b"y" * 10, b"z" * 10])
    assert part.read(0, bytes_max=1) == [(0, b"x" * 1000)]
    assert part.read(1, bytes_max=11) == [(1, b"y" * 10), (2, b"z" * 10)]


def test_empty_and_large_records_come_back_whole(part: Part) -> None:
    """Records are opaque bytes of any length."""
    records = [b"", bytes(range(256)) * 4096, b"", b"\0", b"x" * 300_000, b""]
    part.append(records)
    assert part.read(0, records_max=99, bytes_max=1 << 30) == list(enumerate(records))


def test_trim_never_takes_a_record_at_or_above_its_bound(part: Part) -> None:
    """Trimming is allowed to forget, never beyond what consumers have passed."""
    expected = filled(part, 60)
    allowed = 0
    for before in (*range(45), 40, 10, 60, 99):
        part.trim(before)
        start = part.start()
        allowed = max(allowed, before)
        assert start <= allowed
        assert part.read(0) == expected[start:]
    assert part.start() > 0
    assert part.end() == 60


def test_trimmed_log_goes_on_counting(part: Part) -> None:
    """An offset is never given twice, even when everything before it was forgotten."""
    filled(part, 60)
    part.trim(60)
    assert part.append([b"next"]) == 60
    assert part.read(60) == [(60, b"next")]


def test_read_below_the_start_begins_with_the_oldest(part: Part) -> None:
    """A consumer that slept too long goes on with what there is and sees the jump in offsets."""
    expected = filled(part, 60)
    part.trim(30)
    assert part.read(0, records_max=1, bytes_max=1) == [expected[part.start()]]


def test_what_fits_begins_with_a_segment(part: Part) -> None:
    """A bound on bytes keeps the newest whole segments, and always the one being written."""
    assert part.within(1) == 0
    filled(part, 60)
    kept = [part.within(bytes_max) for bytes_max in (1, 1 << 30)]
    assert kept[1] == 0
    assert 0 < kept[0] < 60
    part.trim(kept[0])
    assert part.start() == kept[0]
    assert part.within(1) == kept[0]
    assert part.end() == 60


def test_closed_log_refuses_everything(log: Log) -> None:
    """Use after close is a bug of the caller that must show."""
    log.close()
    log.close()
    calls = (
        lambda: log.append([b"x"]),
        lambda: log.read(0, records_max=1, bytes_max=1),
        log.starts,
        log.ends,
        lambda: log.trim(Positions()),
        lambda: log.positions_within(1),
        log.probe,
    )
    for call in calls:
        with pytest.raises(Closed):
            call()


def test_partitions_are_apart(log: Log) -> None:
    """Each counts, keeps and forgets its own records; positions say all of them at once."""
    counts = [20 * (partition + 1) for partition in range(log.partitions)]
    for partition, count in enumerate(counts):
        filled(Part(log, partition), count)
    assert log.ends() == Positions(tuple(counts))
    for partition, count in enumerate(counts):
        assert Part(log, partition).read(0) == [(number, record(number)) for number in range(count)]
    last = Part(log, log.partitions - 1)
    log.trim(last.at(20))
    assert last.start() > 0
    assert log.starts() == last.at(last.start())


def test_a_log_that_chooses_the_partition_says_which(log: Log) -> None:
    """All records of an append are in it, one after the other, so one place finds them all."""
    group = [b"a", b"b"]
    places = [log.append(group) for _ in range(9)]
    assert {place.partition for place in places} == set(range(log.partitions))
    for partition, offset in places:
        found = log.read(offset, records_max=2, bytes_max=99, partition=partition)
        assert found == [(offset, b"a"), (offset + 1, b"b")]
    assert log.ends().total == 18
    assert log.append([]) in {Place(p, log.ends()[p]) for p in range(log.partitions)}


def test_partition_that_is_none_is_refused(log: Log) -> None:
    """Never taken for another: its records would be somebody else's."""
    with pytest.raises(Invalid):
        log.append([b"x"], log.partitions)
    with pytest.raises(Invalid):
        log.read(0, records_max=1, bytes_max=1, partition=log.partitions)
    assert log.ends() == Positions()
