"""Files of the tail stay as long as any reader may use them, and no longer."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

from footfall.clock import SECOND
from footfall.lake.cut import Cut, Plan, read_cut
from footfall.ledger import Ledger
from footfall.pipeline.preview.tail import Tail
from footfall.positions import Positions
from footfall.testing.events import event_table
from footfall.testing.sim_clock import SimClock
from tests.vanish import after_first

GRACE = 600 * SECOND


def _cut(tail: Tail, *events: str) -> Cut:
    sequence = tail.next_sequence()
    return Cut("p", sequence, 0, Positions(), 0, 0, Ledger(), tail={"events": events})


def _names(directory: Path) -> set[str]:
    return {file.name for file in directory.iterdir()}


def test_dropped_file_outlives_its_readers_and_then_goes(tmp_path: Path) -> None:
    """A query on an older cut still opens its files; afterwards the disk is given back."""
    clock = SimClock()
    tail = Tail(tmp_path, tmp_path / "cut.json", clock, GRACE)
    tail.next_sequence()
    old = tail.write("events", event_table([{}]))
    tail.next_sequence()
    new = tail.write("events", event_table([{}]))
    assert old is not None
    assert new is not None
    (tmp_path / "live.json").write_text("{}")
    cut = _cut(tail, new)
    tail.publish(cut)
    tail.sweep(cut)
    clock.advance(GRACE)
    tail.sweep(cut)
    assert _names(tmp_path) == {old, new, "cut.json", "live.json"}
    clock.advance(1)
    tail.sweep(cut)
    assert _names(tmp_path) == {new, "cut.json", "live.json"}


def test_clock_set_back_keeps_no_file_longer(tmp_path: Path) -> None:
    """Otherwise a tail would grow for as long as the clock was ahead."""
    clock = SimClock()
    tail = Tail(tmp_path, tmp_path / "cut.json", clock, GRACE)
    tail.next_sequence()
    old = tail.write("events", event_table([{}]))
    cut = _cut(tail)
    tail.publish(cut)
    tail.sweep(cut)
    assert old in _names(tmp_path)
    clock.jump(-30 * 24 * 3600 * SECOND)
    clock.advance(GRACE + 1)
    tail.sweep(cut)
    assert old not in _names(tmp_path)


def test_dropped_files_are_bounded_by_size_the_oldest_go_first(tmp_path: Path) -> None:
    """At full speed ten minutes of dropped files would be tens of gigabytes."""
    clock = SimClock()
    tail = Tail(tmp_path, tmp_path / "cut.json", clock, GRACE, bytes_max=1 << 62)
    files: list[str] = []
    for _ in range(6):
        tail.next_sequence()
        name = tail.write("events", event_table([{}]))
        assert name is not None
        files.append(name)
        tail.sweep(_cut(tail, name))
        clock.advance(SECOND)
    assert set(files) <= _names(tmp_path)
    size = (tmp_path / files[0]).stat().st_size
    tail._bytes_max = 2 * size
    cut = _cut(tail, files[-1])
    tail.publish(cut)
    tail.sweep(cut)
    assert _names(tmp_path) == {*files[-3:], "cut.json"}


def test_files_that_an_older_pipeline_removes_at_that_moment(tmp_path: Path) -> None:
    """Until it learns that it was replaced, it sweeps as well: nobody stumbles over the other."""
    tail = Tail(tmp_path, tmp_path / "cut.json", SimClock(), GRACE, bytes_max=1)
    tail.next_sequence()
    old = tail.write("events", event_table([{}]))
    assert old is not None
    with after_first(os, "listdir", lambda path: Path(path) == tmp_path, (tmp_path / old).unlink):
        tail.sweep(_cut(tail))
    plan = Plan("events", 7, ("a.parquet",), 1)
    name = tail.write_plan(plan)
    original = Path.read_bytes

    def read_and_lose(file: Path) -> bytes:
        file.unlink()
        return original(file)

    with mock.patch.object(Path, "read_bytes", read_and_lose):
        assert tail.write_plan(plan) == name
    assert (tmp_path / name).exists()


def test_restart_gives_old_files_their_whole_time_again(tmp_path: Path) -> None:
    """A reader may have begun just before the restart; and numbers of cuts go on."""
    clock = SimClock()
    tail = Tail(tmp_path, tmp_path / "cut.json", clock, GRACE)
    tail.next_sequence()
    old = tail.write("events", event_table([{}]))
    tail.publish(_cut(tail))
    clock.advance(2 * GRACE)
    restarted = Tail(tmp_path, tmp_path / "cut.json", clock, GRACE)
    assert restarted.sequence == tail.sequence
    restarted.sweep(_cut(restarted))
    assert old in _names(tmp_path)


def test_empty_table_makes_no_file(tmp_path: Path) -> None:
    """Most micro-batches have no failures; a file each would be most of the tail."""
    tail = Tail(tmp_path, tmp_path / "cut.json", SimClock(), GRACE)
    assert tail.write("failed", event_table([])) is None
    assert _names(tmp_path) == set()


def test_cut_torn_by_a_power_cut_is_replaced_and_numbers_never_go_back(tmp_path: Path) -> None:
    """Cuts are not synced; a client that saw number 7 must not be shown another 7 later."""
    clock = SimClock()
    tail = Tail(tmp_path, tmp_path / "cut.json", clock, GRACE)
    tail.publish(_cut(tail))
    older = (tmp_path / "cut.json").read_bytes()
    tail.next_sequence()
    tail.write("events", event_table([{}]))
    tail.publish(_cut(tail))
    whole = (tmp_path / "cut.json").read_bytes()
    for left in (b"", whole[:10], bytes(len(whole)), older, None):
        (tmp_path / "cut.json").unlink()
        if left is not None:
            (tmp_path / "cut.json").write_bytes(left)
        restarted = Tail(tmp_path, tmp_path / "cut.json", clock, GRACE)
        # The newest number had no file of its own: where bytes are left, the cut was there.
        assert restarted.sequence >= (tail.sequence if left not in (older, None) else 2)
        restarted.publish(_cut(restarted))
        assert read_cut(tmp_path / "cut.json") is not None
        (tmp_path / "cut.json").write_bytes(older)
