"""Statements over the newest cut, run by a query worker: a process that can be killed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import msgspec

from footfall.errors import Closed
from footfall.home import Home
from footfall.lake.store.options import Bucket
from footfall.query import QueryPool
from footfall.settings import QuerySettings


class WorkerAsk:
    """For one thread; another may close it. Its worker stays warm as long as it is open."""

    def __init__(
        self, home: Home, project: str, settings: QuerySettings, bucket: Bucket | None
    ) -> None:
        """Start nothing yet."""
        self._pool = QueryPool(home, project, settings, bucket)
        self._runner: asyncio.Runner | None = None
        self._guard = threading.Lock()
        self._is_closed = False

    def __call__(self, sql: str, values: Sequence[Any], rows_max: int) -> list[list[Any]]:
        """Rows of one statement.

        Raises:
            Closed: it was closed.
            FootfallError: what `QueryPool.run` raises.
        """
        with self._guard:
            if self._is_closed:
                raise Closed("no more statements: the consumer was closed")
            if self._runner is None:
                self._runner = asyncio.Runner()
            answer = self._runner.run(self._pool.run(sql, tuple(values), rows_max=rows_max))
        return msgspec.json.decode(answer.body, type=list[list[Any]])

    def close(self) -> None:
        """End the worker; a statement that runs is waited for within its bounds, elsewhere."""
        self._is_closed = True
        threading.Thread(target=self._end, name="alert worker's end", daemon=True).start()

    def _end(self) -> None:
        with self._guard:
            if self._runner is not None:
                self._runner.run(self._pool.close())
                self._runner.close()
                self._runner = None
