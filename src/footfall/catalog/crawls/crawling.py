"""Crawls of a project: added, run, removed; one run of each at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from footfall.catalog.crawls.listing import checked_place, place_of
from footfall.catalog.defining import s3_options, shipped_views, table_names
from footfall.catalog.entries import Crawl, CrawlReport, Declared, Table, check_name
from footfall.catalog.store import Catalog, change, keys_of
from footfall.clock import DAY, HOUR, MINUTE, US_PER_MS, Clock
from footfall.errors import Conflict, FootfallError, Invalid
from footfall.home import Home, make_directory
from footfall.lake.tables.specs import TABLES
from footfall.metadata.place import MetadataPlace
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.metadata import Metadata

EVERY_MIN: Final = MINUTE
EVERY_MAX: Final = 31 * DAY
_COPY_GRACE_SECONDS: Final = 2 * HOUR / 1_000_000
"""How long a copy that no table names is kept: statements may still be about to read it."""
OpenMetadata = Callable[[], "Metadata"]


class Crawling:
    """See the module's text."""

    def __init__(
        self,
        home: Home,
        project: str,
        settings: Settings,
        open_metadata: OpenMetadata,
        clock: Clock,
    ) -> None:
        """Do nothing yet."""
        self._home = home
        self._project = project
        self._settings = settings
        self._open_metadata = open_metadata
        self._clock = clock
        self.catalog = Catalog(MetadataPlace.of(home, settings.metadata), project)

    def add(self, name: str, place: str, every_us: int, declared: Declared | None = None) -> Crawl:
        """Note a place; nothing is looked at before the first run.

        Raises:
            Invalid: the name, the place or the time between runs is not possible.
            Conflict: there is a crawl, table or view of this name.
        """
        name = check_name(name, "crawl" if declared is None else "table")
        _check_every(every_us)
        if name in self.catalog.crawls():
            raise Conflict(f"there is a crawl of this name; remove it or choose another: {name=}")
        if declared is not None and name in self.taken():
            raise Conflict(f"there is a table or view of this name; choose another: {name=}")
        now = self._clock.now_us()
        crawl = Crawl(name, checked_place(place, self._home), every_us, now, declared)
        self._write([crawl])
        return crawl

    def run(self, name: str) -> CrawlReport:
        """Look at the place of a crawl, and bring its tables up to date.

        Raises:
            Invalid: there is no such crawl.
            Conflict: it runs already.
            Unavailable: the place cannot be read now.
            LimitReached: it has too many files; nothing was changed.
        """
        with self._alone(name):
            crawl = self.crawl(name)
            began = self._clock.now_us()
            try:
                report = self._run(crawl, began)
            except FootfallError as error:
                failed = msgspec.structs.replace(crawl, tried_at=began, problem=str(error))
                self._write([failed])
                raise
            return report

    def schedule(self, name: str, every_us: int) -> Crawl:
        """Let it run by itself every so often; 0 for on demand only.

        Raises:
            Invalid: there is no such crawl, or the time is not possible.
            Conflict: it runs just now.
        """
        _check_every(every_us)
        with self._alone(name):
            crawl = msgspec.structs.replace(self.crawl(name), every_us=every_us)
            self._write([crawl])
        return crawl

    def remove(self, name: str) -> tuple[str, ...]:
        """Forget a crawl and its tables; the files it read stay. Their names.

        Raises:
            Invalid: there is no such crawl.
            Conflict: it runs just now.
        """
        with self._alone(name):
            self.crawl(name)
            names = [table.name for table in self.catalog.tables().values() if table.crawl == name]
            with contextlib.closing(self._open_metadata()) as metadata:
                removes = [*keys_of("crawl", [name]), *keys_of("table", names)]
                change(metadata, self._project, removes=removes)
            shutil.rmtree(self._copies(name), ignore_errors=True)
        return tuple(names)

    def due(self) -> list[str]:
        """Names of crawls whose time has come."""
        now = self._clock.now_us()
        return [
            crawl.name
            for crawl in self.catalog.crawls().values()
            if crawl.every_us and now >= crawl.tried_at + crawl.every_us
        ]

    def taken(self, but: str = "") -> frozenset[str]:
        """Names that statements know, without those of one crawl's tables."""
        tables = self.catalog.tables()
        theirs = [table for table in tables.values() if table.crawl != but]
        return frozenset(
            {
                *reserved_names(self._settings),
                *(name for table in theirs for name in table_names(table)),
                *self.catalog.views(),
                *shipped_views(tables),
            }
        )

    def _run(self, crawl: Crawl, began: int) -> CrawlReport:
        from footfall.catalog.crawls.forms.csv_head import CsvForm
        from footfall.catalog.crawls.inspect import Limits
        from footfall.catalog.crawls.inspectors import Inspectors
        from footfall.catalog.crawls.run import Run

        settings = self._settings.catalog
        options = s3_options(self._settings)
        place = place_of(crawl.place, options)
        listing = place.files(settings.files_max)
        known = [one for one in self.catalog.tables().values() if one.crawl == crawl.name]
        limits = Limits(
            settings.line_bytes_max,
            settings.repaired_bytes_max,
            settings.memory_max,
            max(1, settings.file_time_max // US_PER_MS),
        )
        copies = self._copies(crawl.name)
        taken = self.taken(crawl.name)
        said = crawl.declared
        form = CsvForm() if said is None else CsvForm(said.delimiter, said.header_lines > 0)
        with contextlib.closing(Inspectors(place, options, limits, form)) as inspectors:
            outcome = Run(crawl, known, taken, copies, inspectors.inspect_all).of(listing)
        report = msgspec.structs.replace(
            outcome.report, started_at=began, took_us=self._clock.now_us() - began
        )
        done = msgspec.structs.replace(
            crawl.after(report), by_folder=outcome.by_folder, tried_at=began
        )
        before = {table.name: table for table in known}
        changed = [table for table in outcome.tables if before.get(table.name) != table]
        self._write([done, *changed])
        _sweep(copies, outcome.tables)
        return report

    def _write(self, entries: list[Crawl | Table]) -> None:
        with contextlib.closing(self._open_metadata()) as metadata:
            change(metadata, self._project, entries)

    def crawl(self, name: str) -> Crawl:
        """One of them. Raises `Invalid`."""
        crawls = self.catalog.crawls()
        if name not in crawls:
            there = ", ".join(crawls) or "none yet; footfall crawl add makes one"
            raise Invalid(f"no such crawl; there are: {there}: {name=}")
        return crawls[name]

    def _copies(self, name: str) -> Path:
        return self._home.catalog_dir(self._project) / "copies" / name

    @contextlib.contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Hold the crawl's lock; the kernel lets go of it with the process."""
        directory = self._home.catalog_dir(self._project)
        make_directory(directory)
        check_name(name, "crawl")
        descriptor = os.open(directory / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict(f"this crawl runs just now; try again later: {name=}") from error
            yield
        finally:
            os.close(descriptor)


def _check_every(every_us: int) -> None:
    if every_us and not EVERY_MIN <= every_us <= EVERY_MAX:
        raise Invalid(
            f"a crawl runs once a minute at most, and once in 31 days at least; 0 is on demand:"
            f" every={every_us / 1_000_000:g} s"
        )


def reserved_names(settings: Settings) -> frozenset[str]:
    """Of the views that every project has."""
    others = (f"sessions_{name}" for name in settings.sessions.definitions)
    return frozenset({*TABLES, "session_revisions", *others})


def _sweep(copies: Path, tables: tuple[Table, ...]) -> None:
    """Remove copies that no table names, once no statement can be about to read them."""
    named = {file.copy for table in tables for file in table.files if file.copy}
    if not copies.is_dir():
        return
    newest = max((path.stat().st_mtime for path in copies.rglob("*.gz")), default=0.0)
    for path in copies.rglob("*.gz"):
        with contextlib.suppress(FileNotFoundError):
            is_old = path.stat().st_mtime < newest - _COPY_GRACE_SECONDS
            if str(path) not in named and is_old:
                path.unlink()
