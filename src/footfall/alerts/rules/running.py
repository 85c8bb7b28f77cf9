"""Back-tests by query workers, for the studio."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import msgspec

from footfall.alerts.rules.backtest import Ask, BackTest, Rows
from footfall.query import SqlRunner


async def run_on(runner: SqlRunner, testing: Generator[Ask, Rows, BackTest]) -> BackTest:
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
