"""Back-tests by query workers, for the studio."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol

import msgspec

from footfall.alerts.rules.backtest import Ask, BackTest, Rows


class RunnerAnswer(Protocol):
    """See `footfall.query.protocol.Answer`."""

    @property
    def body(self) -> bytes:
        """A JSON array of arrays."""
        ...


class Runner(Protocol):
    """Runs one guarded statement: `footfall.query.QueryPool`."""

    async def run(
        self, sql: str, parameters: Sequence[Any] = ..., *, rows_max: int | None = None
    ) -> RunnerAnswer:
        """Its rows; ends with its work when it is cancelled."""
        ...


async def run_on(runner: Runner, testing: Generator[Ask, Rows, BackTest]) -> BackTest:
    """Drive a back-test; raises what it and the runner raise."""
    try:
        ask = next(testing)
        while True:
            statement = ask.statement
            found = await runner.run(statement.text, statement.values, rows_max=ask.rows_max)
            ask = testing.send(msgspec.json.decode(found.body, type=list[list[Any]]))
    except StopIteration as end:
        result: BackTest = end.value
        return result
