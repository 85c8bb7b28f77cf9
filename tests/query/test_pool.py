"""Statements in processes of their own: limits, deaths and cancelling hurt nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.errors import Closed, Invalid, LimitReached, Overloaded, Unavailable
from footfall.machine.process import is_alive
from footfall.query import Answer, Column, QueryPool
from footfall.query import pool as pool_module
from tests.query.cuts import PUBLISHED_AT, CutWriter, query_settings

ENDLESS = "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT count(*) FROM t"


def with_pool(writer: CutWriter, use: Callable[[QueryPool], Awaitable[Any]], **changes: Any) -> Any:
    """Run `use` on a pool that is closed afterwards."""

    async def main() -> Any:
        pool = QueryPool(writer.home, writer.project, query_settings(**changes))
        try:
            async with asyncio.timeout(60):
                return await use(pool)
        finally:
            await pool.close()

    return asyncio.run(main())


async def until(condition: Callable[[], Any]) -> Any:
    """Wait for a process to do its part."""
    async with asyncio.timeout(30):
        while not (found := condition()):
            await asyncio.sleep(0.01)
        return found


def test_answer_is_whole(shop: CutWriter) -> None:
    """Rows, their types, whether there were more, and which cut they are from."""
    answer = with_pool(
        shop,
        lambda pool: pool.run(
            "SELECT event_name, count(*) AS n FROM events WHERE event_name <> ?"
            " GROUP BY 1 ORDER BY 1",
            ["b"],
            rows_max=2,
        ),
    )
    assert answer == Answer(
        columns=(Column("event_name", "VARCHAR"), Column("n", "BIGINT")),
        rows=2,
        is_cut_off=True,
        cut_sequence=1,
        cut_published_at=PUBLISHED_AT,
        body=b'[["<script>",1],\n["a",2]]\n',
    )


def test_worker_is_used_again(shop: CutWriter) -> None:
    """A warm worker answers at once; errors of a statement do not cost it."""

    async def use(pool: QueryPool) -> list[list[int]]:
        pids = []
        for sql in ("SELECT 1", "SELEC", "SELECT 'x'::INT", "FROM range(3)"):
            with contextlib.suppress(Invalid):
                await pool.run(sql)
            pids.append(pool.pids())
        (pid,) = pids[0]
        assert (os.getpgid(pid), os.getsid(pid)) == (pid, os.getsid(0))  # Ctrl-C is not for it
        return pids

    pids = with_pool(shop, use)
    assert len(pids[0]) == 1
    assert pids == [pids[0]] * 4


def test_statements_wait_for_a_worker(shop: CutWriter) -> None:
    """More statements than workers take turns; far too many are told to come back."""

    async def use(pool: QueryPool) -> tuple[list[bytes], int]:
        answers = await asyncio.gather(*(pool.run(f"SELECT {n}") for n in range(6)))
        return [answer.body for answer in answers], len(pool.pids())

    bodies, workers = with_pool(shop, use, workers_max=2)
    assert bodies == [b"[[%d]]\n" % n for n in range(6)]
    assert workers == 2


def test_queue_is_bounded(shop: CutWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that asks in a loop gets an error, not the studio's memory."""
    monkeypatch.setattr(pool_module, "WAITING_MAX", 1)

    async def use(pool: QueryPool) -> list[str]:
        found = await asyncio.gather(
            *(pool.run("SELECT 1") for _ in range(4)), return_exceptions=True
        )
        return sorted(type(one).__name__ for one in found)

    names = with_pool(shop, use, workers_max=1)
    assert names == [Answer.__name__] * 2 + [Overloaded.__name__] * 2


def test_time_limit_is_said_and_the_worker_survives(shop: CutWriter) -> None:
    """DuckDB ends the statement itself: the next one does not pay for a new process."""

    async def use(pool: QueryPool) -> tuple[str, bool]:
        await pool.run("SELECT 1")
        before = pool.pids()
        with pytest.raises(LimitReached) as refusal:
            await pool.run(ENDLESS)
        await pool.run("SELECT 1")
        return str(refusal.value), pool.pids() == before

    message, is_same = with_pool(shop, use, time_max=300_000)
    assert message == (
        "the statement took too long and was ended; ask for less, or raise query.time_max:"
        " time_max=0.3 s"
    )
    assert is_same


def test_hung_worker_is_killed(shop: CutWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine cannot interrupt, the pool ends; the next statement gets a new worker."""
    monkeypatch.setattr(pool_module, "KILL_AFTER_SECONDS", 0.2)

    async def use(pool: QueryPool) -> tuple[list[int], bytes, list[int]]:
        await pool.run("SELECT 1")
        (pid,) = pool.pids()
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(LimitReached):
            await pool.run("SELECT 1")
        await until(lambda: not is_alive(pid))
        answer = await pool.run("SELECT 2")
        return [pid], answer.body, pool.pids()

    before, body, after = with_pool(shop, use, time_max=2_000_000)
    assert body == b"[[2]]\n"
    assert before != after


def test_memory_limit_is_said(shop: CutWriter) -> None:
    """A statement that needs too much ends alone, and says which setting bounds it."""

    async def use(pool: QueryPool) -> tuple[list[str], bytes]:
        messages = []
        for sql in ("SELECT list(a) FROM range(90000000) t(a)", "SELECT repeat('x', 2000000000)"):
            with pytest.raises(LimitReached) as refusal:
                await pool.run(sql)
            messages.append(str(refusal.value))
        return messages, (await pool.run("SELECT 1")).body

    messages, body = with_pool(shop, use)
    expected = (
        "the statement needs more memory than it may have; ask for fewer rows or columns, or raise"
        " query.memory_max: memory_max=256 MiB"
    )
    assert (messages, body) == ([expected] * 2, b"[[1]]\n")


def test_long_answers_are_cut_off(shop: CutWriter) -> None:
    """Rows and bytes are bounded, and the answer says that there was more."""

    async def use(pool: QueryPool) -> list[tuple[int, bool]]:
        by_default = await pool.run("SELECT a FROM range(100) t(a)")
        by_bytes = await pool.run("SELECT repeat('x', 100) FROM range(50000)", rows_max=50_000)
        whole = await pool.run("SELECT a FROM range(10) t(a)")
        return [(one.rows, one.is_cut_off) for one in (by_default, by_bytes, whole)]

    by_default, by_bytes, whole = with_pool(shop, use, rows_max=10, answer_bytes_max=2 << 20)
    assert (by_default, whole) == ((10, True), (10, False))
    assert by_bytes[1]
    assert 0 < by_bytes[0] < 50_000


def test_one_row_over_the_bytes_is_an_error(shop: CutWriter) -> None:
    """There is no part of a row to show."""
    with pytest.raises(LimitReached, match=r"query\.answer_bytes_max"):
        with_pool(
            shop, lambda pool: pool.run("SELECT repeat('x', 3000000)"), answer_bytes_max=1 << 20
        )


def test_death_of_a_worker_is_one_statements_loss(shop: CutWriter) -> None:
    """An engine that crashes takes its statement along, never the pool."""

    async def use(pool: QueryPool) -> tuple[bool, bytes]:
        await pool.run("SELECT 1")
        (pid,) = pool.pids()
        task = asyncio.create_task(pool.run(ENDLESS))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(Unavailable, match="died under the statement"):
            await task
        return (await pool.run("SELECT 1")).body, pool.pids() != [pid]

    assert with_pool(shop, use) == (b"[[1]]\n", True)


def test_worker_that_died_idle_is_replaced(shop: CutWriter) -> None:
    """Nobody notices a worker that was ended between two statements."""

    async def use(pool: QueryPool) -> bytes:
        await pool.run("SELECT 1")
        (pid,) = pool.pids()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: pool.pids() == [])
        return (await pool.run("SELECT 2")).body

    assert with_pool(shop, use) == b"[[2]]\n"


def test_cancelled_statement_ends_with_its_worker(shop: CutWriter) -> None:
    """A closed page must not leave a statement running on two cores."""

    async def use(pool: QueryPool) -> bytes:
        await pool.run("SELECT 1")
        (pid,) = pool.pids()
        task = asyncio.create_task(pool.run(ENDLESS))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not is_alive(pid))
        return (await pool.run("SELECT 2")).body

    assert with_pool(shop, use, workers_max=1) == b"[[2]]\n"


def test_closed_pool_waits_for_what_it_killed_before(shop: CutWriter) -> None:
    """A statement that was given up a moment ago leaves no process either, not even a zombie."""

    async def use(pool: QueryPool) -> list[int]:
        await pool.run("SELECT 1")
        pids = pool.pids()
        task = asyncio.create_task(pool.run(ENDLESS))
        await asyncio.sleep(0.1)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await pool.close()
        return [pid for pid in pids if Path(f"/proc/{pid}").exists()]

    assert with_pool(shop, use, workers_max=1) == []


def children() -> set[int]:
    """Processes that this one started and that still are, zombies too."""
    files = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return {int(pid) for file in files for pid in file.read_text().split()}


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 20])
def test_cancelled_while_its_worker_starts(shop: CutWriter, turns: int) -> None:
    """A page that is closed at once leaves no half-started process, and the next one is served."""
    before = children()

    async def use(pool: QueryPool) -> bytes:
        task = asyncio.create_task(pool.run(ENDLESS))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return (await pool.run("SELECT 2")).body

    assert with_pool(shop, use, workers_max=1) == b"[[2]]\n"
    assert children() <= before


def test_cancelled_while_waiting_keeps_the_count(shop: CutWriter) -> None:
    """A caller who leaves the queue gives up nothing but its place."""

    async def use(pool: QueryPool) -> bytes:
        first = asyncio.create_task(pool.run(ENDLESS))
        second = asyncio.create_task(pool.run("SELECT 1"))
        await asyncio.sleep(0.05)
        second.cancel()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        return (await pool.run("SELECT 2")).body

    assert with_pool(shop, use, workers_max=1) == b"[[2]]\n"


def test_idle_workers_end(shop: CutWriter) -> None:
    """A server that nobody asks holds no engine's memory."""

    async def use(pool: QueryPool) -> list[int]:
        await pool.run("SELECT 1")
        (pid,) = pool.pids()
        await until(lambda: not is_alive(pid))
        return pool.pids()

    assert with_pool(shop, use, worker_idle_max=1_000) == []


def test_two_pools_share_a_project(shop: CutWriter) -> None:
    """The studio and a command line read at the same time; nothing is locked."""

    async def use(pool: QueryPool) -> list[bytes]:
        other = QueryPool(shop.home, shop.project, query_settings())
        try:
            answers = await asyncio.gather(
                *(each.run("SELECT count(*) FROM events") for each in (pool, other, pool, other))
            )
        finally:
            await other.close()
        return [answer.body for answer in answers]

    assert with_pool(shop, use) == [b"[[5]]\n"] * 4


def test_closed_pool_refuses(shop: CutWriter) -> None:
    """Closing ends the processes, idle or at work; a statement that runs gets an error."""

    async def use(pool: QueryPool) -> list[int]:
        await asyncio.gather(pool.run("SELECT 1"), pool.run("SELECT 1"))
        pids = pool.pids()
        assert len(pids) == 2
        task = asyncio.create_task(pool.run(ENDLESS))
        await asyncio.sleep(0.05)
        await pool.close()
        with pytest.raises(Unavailable):
            await task
        with pytest.raises(Closed):
            await pool.run("SELECT 1")
        return [pid for pid in pids if is_alive(pid)]

    assert with_pool(shop, use, workers_max=2) == []


def test_project_without_a_cut(tmp_path: Path) -> None:
    """Before the first start the page says what to do, and works once there is a cut."""
    writer = CutWriter(tmp_path / "home")

    async def use(pool: QueryPool) -> bytes:
        with pytest.raises(Unavailable, match="start `footfall serve` once"):
            await pool.run("SELECT 1")
        writer.publish()
        return (await pool.run("SELECT count(*) FROM events")).body

    assert with_pool(writer, use) == b"[[0]]\n"


def test_first_commit_after_the_worker_started(tmp_path: Path) -> None:
    """A worker that confined itself before the lake had files still reads them."""
    from footfall.testing.events import event_table

    writer = CutWriter(tmp_path / "home")
    writer.publish()

    async def use(pool: QueryPool) -> list[bytes]:
        bodies = [(await pool.run("SELECT count(*) FROM events")).body]
        writer.to_lake("events", event_table([{}, {}]))
        writer.publish()
        return [*bodies, (await pool.run("SELECT count(*) FROM events")).body]

    assert with_pool(writer, use) == [b"[[0]]\n", b"[[2]]\n"]


def test_pool_imports_no_engine(shop: CutWriter) -> None:
    """The studio stays small: answers pass through it as bytes."""
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "import msgspec\n"
        "from footfall.home import Home\n"
        "from footfall.query import QueryPool\n"
        "from footfall.settings import QuerySettings\n"
        "async def main():\n"
        "    settings = msgspec.json.decode(sys.argv[2], type=QuerySettings)\n"
        "    pool = QueryPool(Home(Path(sys.argv[1])), 'default', settings)\n"
        "    print((await pool.run('FROM events')).rows)\n"
        "    await pool.close()\n"
        "asyncio.run(main())\n"
        "heavy = ('duckdb', 'pyarrow', 'polars', 'numpy')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    settings = msgspec.json.encode(query_settings()).decode()
    done = subprocess.run(
        [sys.executable, "-c", code, str(shop.home.root), settings],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "5\n[]\n"
