"""A pipeline with the alerts' consumer, in one process, on real files and a test's clock."""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from footfall.alerts.consumer import AlertConsumer
from footfall.alerts.desk import AlertDesk
from footfall.alerts.rules.backtest import Ask, BackTest, Rows
from footfall.clock import SECOND
from footfall.metadata import Metadata
from footfall.pipeline import ConsumerPlace
from footfall.query.engine import Engine
from tests.pipeline.harness import Bench

DEADLINE_SECONDS = 300
"""Of waiting for another thread: a deadline and no expectation."""


class Alerting(Bench):
    """Rules are added at the desk; what fired stands in the history."""

    def __init__(self, directory: Path, *overrides: str) -> None:
        super().__init__(directory, *overrides)
        metadata = Metadata.open(self.home, self.clock)
        metadata.create_project("default")
        metadata.close()
        self.desk = AlertDesk(self.home, "default", self.settings, self.clock)
        self.consumers["alerts"] = self._make
        self.consumer: AlertConsumer | None = None

    def _make(self, place: ConsumerPlace) -> AlertConsumer:
        self.consumer = AlertConsumer(place, self.clock)
        return self.consumer

    def add(self, name: str, **options: Any) -> None:
        rule, _ = self.desk.read_new_rule(name, options)
        self.desk.put_rule(rule)

    def test(self, name: str, over: str, until: int) -> BackTest:
        """Back-test by an engine of this process."""
        rule = self.desk.book().rule(name)
        engine = Engine(self.home, "default", self.settings.query)
        try:
            return driven(engine, self.desk.testing(rule, over, until))
        finally:
            engine.close()

    def wait_for_windows(self, end: int) -> None:
        """Until every rule over a measure has looked at all windows that end by then."""
        waiting = threading.Event()
        names = [one.name for one in self.desk.rules() if one.kind != "session"]
        for tries in range(1, DEADLINE_SECONDS * 20):
            states = self.desk._reads.states()
            book = self.desk.book()
            everys = {name: book.rule(name).every_us for name in names}
            if all(
                states[name].evaluated_to >= end // everys[name] * everys[name]
                and states[name].revise_from is None
                for name in names
            ):
                return
            if tries % 40 == 0:
                self.clock.advance(6 * SECOND)  # a pause after an error is over by then
            waiting.wait(0.05)
        raise AssertionError(f"windows were not looked at: {states}")

    def fired(self, rule: str) -> set[str]:
        """Subjects of firings that stand."""
        found = self.desk.history(1000, rule=rule).firings
        return {one.subject for one in found if one.state == "firing"}


def driven(engine: Engine, testing: Generator[Ask, Rows, BackTest]) -> BackTest:
    """The result of a back-test on an engine."""
    ask = next(testing)
    while True:
        found = engine.run(ask.statement.text, ask.statement.values, rows_max=ask.rows_max)
        rows = [list(row.values()) for row in found.table.to_pylist()]
        try:
            ask = testing.send(rows)
        except StopIteration as end:
            result: BackTest = end.value
            return result


def moment(seconds: float) -> int:
    return round(seconds * SECOND)
