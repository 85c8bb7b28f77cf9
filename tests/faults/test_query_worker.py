"""SIGKILL of a query worker at named moments: one statement is lost, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from footfall.errors import Unavailable
from footfall.machine.process import is_alive
from footfall.query import QueryPool
from tests.faults.faults import Faults, Rule
from tests.query.cuts import sample
from tests.query.test_pool import until, with_pool

WORKER = "footfall.query.worker"
STATEMENT = "SELECT event_id FROM events ORDER BY 1"

MOMENTS = {
    "cut being read": Rule("before", WORKER, "open", "*/tail/default/cut.json"),
    "tail being read": Rule("before", WORKER, "open", "*/tail/default/*.arrow"),
    "data file being read": Rule("before", WORKER, "open", "*/lake/default/*.parquet"),
    # The first write is the readiness.
    "answer half written": Rule("within", WORKER, "write", "pipe:*", 2),
    "answer written": Rule("after", WORKER, "write", "pipe:*", 2),
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("moment", MOMENTS)
def test_death_during_a_query(
    tmp_path: Path,
    faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    moment: str,
) -> None:
    """No part of an answer is taken for a whole one, and the next statement has a new worker.

    Killed after the last byte, the statement has its answer.
    """
    writer = sample(tmp_path / "home")
    whole = with_pool(writer, lambda pool: pool.run(STATEMENT))
    first = _kill_first(monkeypatch, {**faults.preload, "FAULT": str(MOMENTS[moment])})

    async def use(pool: QueryPool) -> tuple[Any, Any]:
        found: Any = None
        try:
            found = await pool.run(STATEMENT)
        except Unavailable as error:
            found = error
        await until(lambda: not is_alive(first[0].pid))
        return found, await pool.run(STATEMENT)

    found, after = with_pool(writer, use)
    if moment == "answer written":
        assert found == whole
    else:
        assert isinstance(found, Unavailable)
    assert after == whole
    record_property("kills of a query worker at named moments", 1)


def _kill_first(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> list[asyncio.subprocess.Process]:
    """The first process that is started from now on has `environ` as well; all that were."""
    start = asyncio.create_subprocess_exec
    started: list[asyncio.subprocess.Process] = []

    async def start_with_fault(*arguments: Any, env: dict[str, str], **more: Any) -> Any:
        process = await start(*arguments, env=env if started else {**env, **environ}, **more)
        started.append(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start_with_fault)
    return started
