"""The index is a cache: made whole or not at all, noticed when damaged, told in the status."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.clock import SystemClock
from footfall.explore.asking import Asked, NamesAsked
from footfall.explore.journeys.layout import mapped_bytes, read_index
from footfall.explore.journeys.maker import IndexReport, is_wanted, read_report, work_of, work_once
from footfall.explore.journeys.process import IndexProcess
from footfall.explore.question import FunnelQuestion
from footfall.explore.question.reading import read
from footfall.home import Home
from footfall.query._confine import ADDRESS_SPACE_EXTRA
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table
from tests.explore.asked import NOW
from tests.explore.index.compiled import KERNELS
from tests.query.cuts import CutWriter

SETTINGS = load_settings(overrides=["index.events_min=1", "index.memory_max=1MiB"])
LIMITS = SETTINGS.query
QUESTION = read(
    FunnelQuestion,
    {
        "steps": [{"event": "page_view"}, {"event": "buy"}],
        "range": {"start": "2024-10-04", "end": "2024-10-05"},
    },
)


class Kept:
    """A project whose index is kept as a server keeps it, but when the test says so."""

    def __init__(self, root: Path) -> None:
        self.writer = CutWriter(root)
        self.home: Home = self.writer.home
        self.root = self.home.index_dir("default")
        self.home.kernels_dir.parent.mkdir(parents=True)
        self.home.kernels_dir.symlink_to(KERNELS, target_is_directory=True)

    def receive(self, *names: str, epoch: int) -> None:
        rows = [
            {"event_name": name, "epoch": epoch, "event_time": NOON_US + epoch} for name in names
        ]
        self.writer.to_tail("events", event_table(rows))
        self.writer.publish()

    def work(self, **index: Any) -> IndexReport:
        settings = msgspec.structs.replace(
            SETTINGS, index=msgspec.structs.replace(SETTINGS.index, **index)
        )
        report = work_once(work_of(self.home, "default", settings), SystemClock())
        assert report == read_report(self.home, "default")
        return report

    def files(self) -> set[str]:
        return {one.name for one in self.root.iterdir()}


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    KERNELS.mkdir(parents=True, exist_ok=True)
    return Kept(tmp_path / "home")


def test_what_is_done_for_each_cut(kept: Kept) -> None:
    """Few events have none; then it is made, kept, brought to the next cut; no old part stays."""
    kept.receive("page_view", "buy", epoch=0)
    assert not is_wanted(kept.home, "default", 1)  # no epoch is in the lake: no process starts
    assert "few" == kept.work(events_min=100).outcome
    made = kept.work()
    assert ("made", 2, 1) == (made.outcome, made.events, made.cut_sequence)
    assert is_wanted(kept.home, "default", 100)
    before = kept.files()
    assert "current" == kept.work().outcome
    assert before == kept.files()
    kept.receive("buy", epoch=1)
    found = kept.work()
    # All of one visitor's rows are recent now: as many as the base's quarter, so it is made anew.
    assert ("made", 3, 2) == (found.outcome, found.events, found.cut_sequence)
    index = read_index(kept.root)
    assert index is not None
    assert {"index.json", "report.json", *(one.directory for one in index.parts)} == kept.files()
    kept.receive("buy", epoch=2)
    assert "large" == kept.work(bytes_max=1).outcome


def test_a_damaged_file_is_no_index_and_is_made_anew(kept: Kept) -> None:
    """A flipped byte gives no wrong number: nobody is answered, and the next look mends it."""
    from footfall.explore.journeys.index import JourneyIndex

    kept.receive("page_view", "buy", epoch=0)
    kept.work()
    cut = kept.home.cut_file("default")

    def reached() -> Any:
        found = JourneyIndex(kept.root, cut, age_max=0, threads=1).found(asked())
        return None if found is None else found.rows[0][1:3]

    assert [1, 1] == reached()
    file = next(kept.root.glob("*-visitor")) / "times"
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(data)
    assert reached() is None
    assert "made" == kept.work().outcome
    assert [1, 1] == reached()
    (kept.root / "index.json").write_bytes(b"{")
    assert reached() is None
    assert "made" == kept.work().outcome
    assert [1, 1] == reached()


def test_an_index_too_old_answers_nothing(kept: Kept) -> None:
    """Beyond `index.age_max` a question is a statement; within it the answer names its cut."""
    from footfall.explore.journeys.index import JourneyIndex

    kept.receive("page_view", "buy", epoch=0)
    kept.work()
    kept.receive("page_view", epoch=1)
    cut = kept.home.cut_file("default")
    found = JourneyIndex(kept.root, cut, age_max=0, threads=1).found(asked())
    assert found is not None  # both cuts were published at one instant
    assert 1 == found.cut_sequence
    assert JourneyIndex(kept.root, cut, age_max=-1, threads=1).found(asked()) is None


def test_the_process_answers_as_the_index_does(kept: Kept) -> None:
    """The studio's way to it: a question and its answer as text, in a process of its own."""
    kept.receive("page_view", "buy", epoch=0)
    kept.work()

    async def ask() -> None:
        process = IndexProcess(kept.home, "default", SETTINGS.index, LIMITS)
        try:
            found = await process.found(asked())
            assert found is not None
            assert ([1, 1], "index") == (found.rows[0][1:3], found.way)
            inside = await process.found(over_a_segment())
            assert inside is not None
            assert [1, 1] == inside.rows[0][1:3]
            names = await process.found(NamesAsked(("buy", "sell")))
            assert names is not None
            assert [[True, False]] == names.rows
            assert process.pid is not None
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            space = LIMITS.memory_max + ADDRESS_SPACE_EXTRA + 2 * mapped_bytes(kept.root)
            assert ["Max", "address", "space", str(space)] in [
                line.split()[:4] for line in limits.splitlines()
            ]
            assert "NoNewPrivs:\t1" in Path(f"/proc/{process.pid}/status").read_text()
            # Another directory in the place of its own is none that it may read: it ends itself.
            shutil.rmtree(kept.root)
            kept.work()
            answers = [await process.found(asked()) for _ in range(2)]
            assert answers[1] is not None
            assert [1, 1] == answers[1].rows[0][1:3]
        finally:
            await process.close()

    asyncio.run(ask())


def over_a_segment() -> Asked:
    """The same of those who were there on a day of Tokyo: its zone is read by the process."""
    from footfall.explore.question.common import Filter
    from footfall.explore.question.fields import known_fields
    from footfall.explore.segments.reading import read_segment
    from footfall.explore.segments.using import Parts

    did = {"measure": "days", "range": {"start": "2024-10-04", "end": "2024-10-05"}}
    segment = read_segment({"rule": {"did": did}, "zone": "Asia/Tokyo"})
    question = msgspec.structs.replace(QUESTION, where=Filter("segment", "is", "some"))
    segments = Parts({"some": segment}, {}).ids(known_fields(), NOW)
    scene = msgspec.structs.replace(asked().scene, segments=segments)
    return Asked(question, scene)


def asked() -> Asked:
    from footfall.explore.question.fields import known_fields
    from footfall.explore.question.reading import scene_of

    return Asked(QUESTION, scene_of(QUESTION, known_fields(), NOW, []))
