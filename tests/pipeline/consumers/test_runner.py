"""A consumer's thread by itself: rests after failures and deaths, one object at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from footfall.home import Home
from footfall.lake import Lake
from footfall.metadata import Metadata
from footfall.pipeline.consumers.committed import EpochReader
from footfall.pipeline.consumers.contract import ConsumerPlace, EpochConsumer
from footfall.pipeline.consumers.mailbox import Committed, Mailbox
from footfall.pipeline.consumers.notes import ConsumerNotes, ConsumerState
from footfall.pipeline.consumers.runner import DEATHS_MAX, MakeConsumer, Runner
from footfall.positions import Positions
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock

SECONDS = 60.0


class Resting(Mailbox):
    """Notes for how long it was to rest, and rests for no time; closes after so many."""

    def __init__(self, rests_max: int) -> None:
        super().__init__(1 << 20, Committed(0, Positions()))
        self.rests: list[float] = []
        self._rests_max = rests_max

    def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        if len(self.rests) >= self._rests_max:
            self.close()


def _run(directory: Path, mailbox: Mailbox, make: MakeConsumer, *overrides: str) -> Runner:
    home, clock = Home(directory), SimClock()
    metadata = Metadata.open(home, clock)
    return Runner(
        "one",
        make,
        ConsumerNotes(directory / "consumers" / "one"),
        mailbox,
        lambda: EpochReader("default", metadata, lambda: Lake(home.lake_dir, "default")),
        home,
        "default",
        load_settings(overrides=overrides).consumers,
        clock,
        lambda _: None,
    )


def _failing(error: BaseException) -> Callable[[ConsumerPlace], EpochConsumer]:
    def make(_: ConsumerPlace) -> EpochConsumer:
        raise error

    return make


def test_rests_double_from_the_least_to_the_most(tmp_path: Path) -> None:
    """Also when a plug-in ends its thread, as `sys.exit` does."""
    mailbox = Resting(6)
    overrides = ("consumers.retry_min=2s", "consumers.retry_max=20s")
    _run(tmp_path, mailbox, _failing(SystemExit("no key")), *overrides).join(SECONDS)
    assert mailbox.rests == [2, 4, 8, 16, 20, 20]
    state = ConsumerNotes(tmp_path / "consumers" / "one").state()
    assert (state.failures, state.error, state.doing) == (6, "no key", "")


def test_one_that_ends_the_process_rests_from_the_third_time_on(tmp_path: Path) -> None:
    """Fewer may be kills; an end while it did nothing is none of its own."""
    notes = ConsumerNotes(tmp_path / "consumers" / "one")
    found = []
    for doing, deaths in (("", 2), ("epoch 1", 0), ("start", DEATHS_MAX - 1), ("epoch 7", 4)):
        notes.write_state(ConsumerState(doing=doing, deaths=deaths))
        mailbox = Resting(1)
        made = threading.Event()

        def make(_: ConsumerPlace, made: threading.Event = made) -> EpochConsumer:
            made.set()
            return EpochConsumer()

        runner = _run(tmp_path, mailbox, make, "consumers.retry_min=2s")
        if not mailbox.rests:
            mailbox.settle(SECONDS)
        mailbox.close()
        runner.join(SECONDS)
        found.append((mailbox.rests, made.is_set(), mailbox.takes_batches))
    assert found == [
        ([], True, False),
        ([], True, False),
        ([2.0], False, True),
        ([8.0], False, True),
    ]


def test_a_new_object_waits_for_one_that_hangs(tmp_path: Path) -> None:
    """Two would do the same epoch at once; that happens when the pipeline starts over."""
    gate, log = threading.Event(), []

    class Hangs(EpochConsumer):
        def close(self) -> None:
            gate.wait()
            log.append("closed")

    def second(_: ConsumerPlace) -> EpochConsumer:
        log.append("made")
        return EpochConsumer()

    first, after = Resting(1), Mailbox(1 << 20, Committed(0, Positions()))
    runner = _run(tmp_path, first, lambda _: Hangs())
    assert first.settle(SECONDS)
    first.close()
    waiting = _run(tmp_path, after, second)
    assert not after.settle(0.5)
    gate.set()
    runner.join(SECONDS)
    assert after.settle(SECONDS)
    assert log == ["closed", "made"]
    after.close()
    waiting.join(SECONDS)
