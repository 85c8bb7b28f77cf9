"""Statements of people, over everything the catalog has: for the studio and the command line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from footfall.catalog.asking.athena import duckdb_text, helpful
from footfall.catalog.asking.queries import Queries
from footfall.catalog.crawls.crawling import Crawling
from footfall.catalog.definer import Definer
from footfall.catalog.entries import Crawl, CrawlReport
from footfall.catalog.statements import is_definition
from footfall.clock import Clock
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.home import Home
from footfall.query import Answer, Column, Format, Parameters, QueryPool
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.metadata import Metadata

CRAWL_SECONDS_MAX: Final = 3_600


class CatalogRunner:
    """As `QueryPool`, for statements in Athena's words as well, and for those that define."""

    def __init__(self, pool: QueryPool, definer: Definer | None = None) -> None:
        """Pass statements on to `pool`, and those that define something to `definer`."""
        self._pool = pool
        self._definer = definer

    async def run(
        self,
        sql: str,
        parameters: Parameters = (),
        *,
        format: Format = "rows",  # noqa: A002 (the word users know)
        rows_max: int | None = None,
    ) -> Answer:
        """As `QueryPool.run`. What the engine does not understand is tried as Athena has it."""
        try:
            return await self._pool.run(sql, parameters, format=format, rows_max=rows_max)
        except Invalid as error:
            translated = await asyncio.to_thread(duckdb_text, sql)
            if translated is None:
                raise
            try:
                return await self._pool.run(
                    translated, parameters, format=format, rows_max=rows_max
                )
            except Invalid as other:
                raise helpful(error, other) from None

    async def statement(
        self,
        sql: str,
        parameters: Parameters = (),
        *,
        format: Format = "rows",  # noqa: A002 (the word users know)
        rows_max: int | None = None,
    ) -> Answer:
        """As `run`, also what defines a view or table: for people who may change things.

        Raises:
            Conflict: the name is taken.
        """
        if self._definer is None or not is_definition(sql):
            return await self.run(sql, parameters, format=format, rows_max=rows_max)
        if parameters:
            raise Invalid("a view or table has no parameters; save a query instead")
        sentence = await self.define(sql)
        return said(sentence, format)

    async def define(self, sql: str) -> str:
        """Carry out a statement that defines something; what was done."""
        assert self._definer is not None, "there is nobody who defines"
        loop = asyncio.get_running_loop()

        def try_select(text: str) -> object:
            return asyncio.run_coroutine_threadsafe(self._pool.run(text), loop).result()

        return await asyncio.to_thread(self._definer.run, sql, try_select)

    async def close(self) -> None:
        """See `QueryPool.close`."""
        await self._pool.close()


class CatalogParts(msgspec.Struct, frozen=True):
    """A project's catalog for a server or a command."""

    runner: CatalogRunner
    crawling: Crawling
    queries: Queries
    run_crawl: Callable[[str], CrawlReport]
    """In a process of its own."""


def catalog_parts(
    home: Home,
    project: str,
    settings: Settings,
    pool: QueryPool,
    clock: Clock,
    environ: Mapping[str, str],
    places: tuple[str, ...] | None = None,
) -> CatalogParts:
    """All of it.

    Args:
        home: Whose.
        project: Whose.
        settings: Of the installation.
        pool: Runs statements; reads the same catalog.
        clock: For when something was made.
        environ: Of processes that crawl.
        places: Where external tables may be; anywhere if `None`.
    """

    def open_metadata() -> Metadata:
        from footfall.metadata import Metadata

        return Metadata.open(home, clock, settings.metadata)

    crawling = Crawling(home, project, settings, open_metadata, clock)
    run_crawl = partial(run_crawl_apart, home, crawling, environ)
    definer = Definer(home, crawling, open_metadata, clock, run_crawl, places)
    queries = Queries(crawling.catalog, open_metadata, clock)
    return CatalogParts(CatalogRunner(pool, definer), crawling, queries, run_crawl)


def said(sentence: str, wire: Format) -> Answer:
    """A sentence as an answer of one row."""
    body = {
        "rows": msgspec.json.encode([[sentence]]),
        "json": msgspec.json.encode([{"result": sentence}]),
        "csv": f'"result"\n"{sentence.replace(chr(34), chr(34) * 2)}"\n'.encode(),
    }.get(wire)
    if body is None:
        raise Invalid(f"what a definition says has no form in {wire}; leave the format out")
    return Answer((Column("result", "VARCHAR"),), 1, False, 0, 0, body)


def run_crawl_apart(
    home: Home, crawling: Crawling, environ: Mapping[str, str], name: str
) -> CrawlReport:
    """Run a crawl in a process of its own, which may read files and crash.

    Args:
        home: Whose.
        crawling: Of the project.
        environ: Of the process.
        name: Of the crawl.

    Raises:
        Invalid: the crawl failed; says why.
        Unavailable: it ended without saying anything.
    """
    import subprocess

    command = [sys.executable, "-P", "-m", "footfall.cli.main", "crawl", "run", name, "--json"]
    command += ["--home", str(home.root), "--project", crawling.catalog.project]
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CRAWL_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"the crawl took too long and was ended: {name=}") from error
    crawl = crawling.crawl(name)
    if done.returncode == 0 and crawl.report is not None:
        return crawl.report
    raise _failure(crawl, done.stderr)


def _failure(crawl: Crawl, stderr: bytes) -> FootfallError:
    text = crawl.problem or stderr.decode(errors="replace").strip().removeprefix("footfall: ")
    return Invalid(text[:500] or "the crawl ended without a word")
