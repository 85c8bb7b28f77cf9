"""A driver on the plans of an embedded pipeline: what both make of them is compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from footfall.clock import HOUR, SECOND
from footfall.metadata import Metadata
from footfall.pipeline.epoch.plan import EpochPlan, decode_plan
from footfall.request import Request
from footfall.runner._run import build
from footfall.runner.driver import Driver
from footfall.runner.engine import Engine, LocalEngine
from footfall.runner.epoch import Done
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.harness import START_US, Bench, Faults, Faulty, event, request
from tests.pipeline.test_partitions import Spread


class MemorySource:
    """A log in memory as an executor of this process opens it."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def reader(self) -> Any:
        return _Open(self._log)


class _Open:
    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def close(self) -> None:
        """The log is another's."""


class Bucketed(Bench):
    """A home that drivers work on."""

    def __init__(
        self,
        directory: Path,
        *overrides: str,
        log: Any,
        source: Any = None,
        project: str = "default",
    ) -> None:
        super().__init__(directory, *overrides)
        self.project = project
        self.log = log
        self.source = source or MemorySource(log)
        self.engine: Engine = LocalEngine()

    def driver(self, faults: Faults | None = None) -> Driver:
        """A new one, recovered, as after a start of the process."""
        self.stop_consumers()
        metadata = Metadata.open(self.home, self.clock, self.settings.metadata)
        if self.project not in metadata.projects():
            metadata.create_project(self.project)
        metadata.close()
        driver = build(
            self.home,
            self.settings,
            self.project,
            self.log,
            self.clock,
            engine=self.engine,
            source=self.source,
        )
        self.keep(driver.consumers)
        if faults is not None:
            _make_faulty(driver, faults)
        driver.recover()
        return driver


def _make_faulty(driver: Driver, faults: Faults) -> None:
    """Count effects: the plan, each commit, the mark, the note, the cut."""
    parts: list[tuple[Any, str, list[str]]] = [
        (driver, "_metadata", ["plan_epoch"]),
        (driver, "_publisher", ["publish"]),
        (driver._jobs, "_lake", ["commit"]),
        (driver._jobs, "_metadata", ["commit_epoch"]),
        (driver._jobs, "_states", ["write"]),
    ]
    for owner, name, methods in parts:
        setattr(owner, name, Faulty(getattr(owner, name), faults, methods))


def plans_of(bench: Bench) -> list[EpochPlan]:
    """What a home's epochs were planned as."""
    texts = Metadata.open(bench.home).plans_after("default", 0)
    return [decode_plan(text) for text in texts]


def rows(bench: Bench) -> dict[str, list[str]]:
    """Every row of every table, every column, without their order."""
    return {name: sorted(map(str, table.to_pylist())) for name, table in bench.tables().items()}


def ledgers(bench: Bench) -> list[Any]:
    epochs = Metadata.open(bench.home).last_epochs("default", 10_000)
    return [(one.epoch, one.log_to, one.watermark, one.ledger) for one in epochs]


def embedded(
    directory: Path, batches: Sequence[list[Request]], *overrides: str, seed: int
) -> Spread:
    """A home that the embedded pipeline worked on: the oracle."""
    bench = Spread(directory, *overrides, seed=seed)
    pipeline = bench.pipeline()
    for requests in batches:
        bench.append(requests)
        while pipeline.step():
            pass
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        bench.clock.advance(70 * SECOND)
    pipeline.finish()
    bench.stop_consumers()
    return bench


def follow(driver: Driver, plans: Sequence[EpochPlan]) -> list[Done]:
    """Do the same epochs."""
    return [driver.do(plan) for plan in plans]


def skewed(batches: int) -> list[list[Request]]:
    """One visitor has more than a quarter of the events; one event in ten has no visitor."""
    made, number = [], 0
    for batch in range(batches):
        now = START_US + batch * 90 * SECOND
        events = []
        for place in range(30):
            visitor = "busy" if place % 3 == 0 else f"v{place}"
            events.append(event(visitor, now - place * SECOND, number))
            if place % 10 == 1:
                del events[-1]["visitor_id"]
            number += 1
        made.append([request(batch, events, now)])
    return made


def hourly(hours: int) -> list[list[Request]]:
    """In each hour some new events, and again some of every hour before."""
    made: list[list[Request]] = []
    sent: list[dict[str, Any]] = []
    for hour in range(hours):
        now = START_US + hour * HOUR
        again = [dict(one) for one in sent[::3]]
        new = [event(f"v{place}", now, hour * 10 + place) for place in range(8)]
        sent += new
        made.append([request(hour, [*new, *again], now)])
    return made
