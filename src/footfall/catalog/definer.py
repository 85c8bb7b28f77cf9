"""Carries out statements that define something: views and external tables of one project.

A view is tried before it is kept: as it is written, or, if the query engine does not understand it,
as Athena would have meant it. What other statements do is never a view's trouble (`query`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from footfall.catalog.asking.athena import duckdb_text, helpful, tables_of
from footfall.catalog.crawls.crawling import Crawling, OpenMetadata
from footfall.catalog.crawls.listing import checked_place
from footfall.catalog.entries import CrawlReport, View
from footfall.catalog.statements import CreateTable, CreateView, Drop, Repair, parse
from footfall.catalog.store import change
from footfall.clock import HOUR, Clock
from footfall.errors import Conflict, Invalid
from footfall.home import Home
from footfall.lake.store.options import SCHEME

TrySelect = Callable[[str], object]
"""Runs one guarded SELECT; raises what the query stage raises."""


class Definer:
    """See the module's text."""

    def __init__(
        self,
        home: Home,
        crawling: Crawling,
        open_metadata: OpenMetadata,
        clock: Clock,
        run_crawl: Callable[[str], CrawlReport],
        places: tuple[str, ...] | None = None,
    ) -> None:
        """Define nothing yet.

        Args:
            home: Whose own files nobody makes a table of.
            crawling: The project's.
            open_metadata: For writing.
            clock: For when something was made.
            run_crawl: Looks at an external table's files; in a process that may.
            places: Where external tables may be; anywhere if `None`.
        """
        self._home = home
        self._crawling = crawling
        self._open_metadata = open_metadata
        self._clock = clock
        self._run_crawl = run_crawl
        self._places = places

    def run(self, sql: str, try_select: TrySelect) -> str:
        """Carry out a statement; what was done, in one sentence.

        Raises:
            Invalid: it cannot be carried out; says why.
            Conflict: the name is taken.
        """
        definition = parse(sql)
        if isinstance(definition, CreateView):
            return self._create_view(definition, try_select)
        if isinstance(definition, CreateTable):
            return self._create_table(definition)
        if isinstance(definition, Drop):
            return self._drop(definition)
        return self._repair(definition)

    def _create_view(self, wanted: CreateView, try_select: TrySelect) -> str:
        catalog = self._crawling.catalog
        version, views = catalog.version(), catalog.views()
        is_there = wanted.name in views
        if is_there and wanted.is_lenient:
            return f"the view {wanted.name} is there already"
        if is_there and not wanted.is_replacing:
            raise Conflict(
                f"there is a view of this name; write CREATE OR REPLACE VIEW: name={wanted.name}"
            )
        shipped = {"clicks_today", "clicks_month"}
        if not is_there and wanted.name in self._crawling.taken() - shipped:
            raise Conflict(f"there is a table of this name; choose another: name={wanted.name}")
        sql = _understood(wanted.sql, try_select)
        texts = {view.name: view.sql for view in views.values()} | {wanted.name: sql}
        _check_no_circle(wanted.name, texts)
        view = View(wanted.name, sql, self._clock.now_us(), wanted.comment)
        with contextlib.closing(self._open_metadata()) as metadata:
            change(metadata, catalog.project, [view], version=version)
        return f"the view {wanted.name} was {'replaced' if is_there else 'made'}"

    def _create_table(self, wanted: CreateTable) -> str:
        if wanted.is_lenient and wanted.name in self._crawling.catalog.tables():
            return f"the table {wanted.name} is there already"
        self._check_place(wanted.place)
        self._crawling.add(wanted.name, wanted.place, HOUR, wanted.declared)
        try:
            report = self._run_crawl(wanted.name)
        except BaseException:
            self._crawling.remove(wanted.name)
            raise
        return _told(wanted.name, report, "was made")

    def _check_place(self, place: str) -> None:
        """Who reaches the pages only may not read whatever this machine's user may."""
        if self._places is None:
            return
        address = checked_place(place, self._home)
        allowed = [one if one.startswith(SCHEME) else one.rstrip("/") for one in self._places]
        if not any(address == one or address.startswith(f"{one}/") for one in allowed):
            raise Invalid(
                "tables over files of this place cannot be made here; whoever runs the server names"
                f" it in catalog.places, or uses `footfall crawl add`: place={place}"
            )

    def _drop(self, wanted: Drop) -> str:
        catalog = self._crawling.catalog
        if wanted.kind == "view":
            if wanted.name not in catalog.views():
                return self._missing(wanted)
            with contextlib.closing(self._open_metadata()) as metadata:
                change(metadata, catalog.project, removes=[("view", wanted.name)])
            return f"the view {wanted.name} was removed"
        crawl = catalog.crawls().get(wanted.name)
        if crawl is None or crawl.declared is None:
            if wanted.name in catalog.tables():
                raise Invalid(
                    "a crawl makes this table; remove that with `footfall crawl remove`:"
                    f" name={wanted.name} crawl={catalog.tables()[wanted.name].crawl}"
                )
            return self._missing(wanted)
        self._crawling.remove(wanted.name)
        return f"the table {wanted.name} was removed; its files stay"

    def _missing(self, wanted: Drop) -> str:
        if wanted.is_lenient:
            return f"there is no {wanted.kind} {wanted.name}"
        there = self._crawling.catalog.views() if wanted.kind == "view" else {}
        raise Invalid(
            f"there is no such {wanted.kind} that could be removed;"
            f" there are: {', '.join(there) or 'none'}: name={wanted.name}"
        )

    def _repair(self, wanted: Repair) -> str:
        table = self._crawling.catalog.tables().get(wanted.name)
        if table is None:
            raise Invalid(f"no table over files has this name: name={wanted.name}")
        return _told(wanted.name, self._run_crawl(table.crawl), "was looked at")


def _told(name: str, report: CrawlReport, done: str) -> str:
    rows = sum(table.rows for table in report.tables if table.name == name)
    faults = f", {report.faults_count:,} faults in files" if report.faults_count else ""
    return f"the table {name} {done}: {report.files:,} files, {rows:,} rows{faults}"


def _understood(sql: str, try_select: TrySelect) -> str:
    """The SELECT as the query engine takes it."""
    try:
        try_select(f"SELECT * FROM (\n{sql}\n) LIMIT 0")  # noqa: S608 (guarded as a whole)
    except Invalid as error:
        translated = duckdb_text(sql)
        if translated is None:
            raise
        try:
            try_select(f"SELECT * FROM (\n{translated}\n) LIMIT 0")  # noqa: S608
        except Invalid as other:
            raise helpful(error, other) from None
        return translated
    return sql


def _check_no_circle(name: str, texts: dict[str, str]) -> None:
    pending, seen = list(tables_of(texts[name])), set[str]()
    while pending:
        other = pending.pop()
        if other == name:
            raise Invalid(f"the view would read itself, by way of others: name={name}")
        if other in texts and other not in seen:
            seen.add(other)
            pending.extend(tables_of(texts[other]))
