"""A project in Python, from its home: `footfall.open("footfall-data")`."""

from __future__ import annotations

from collections.abc import Generator
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from footfall.catalog.access import CatalogLake
from footfall.clock import Clock, SystemClock
from footfall.continuous.access import Continuous
from footfall.explore.answer import EventsAnswer, Members
from footfall.explore.asked import AnswerResult, Asking
from footfall.explore.asking import Ask, answering, opening
from footfall.explore.found import Found
from footfall.explore.question.common import Common
from footfall.explore.segments.storage import Segments
from footfall.metadata.place import MetadataPlace
from footfall.project import DEFAULT_PROJECT
from footfall.query.access import Relation
from footfall.redefine.access import Sessions
from footfall.settings import QuerySettings, load_settings

if TYPE_CHECKING:
    from footfall.alerts.access import Alerts
    from footfall.deliver.operating.access import Deliveries
    from footfall.explore.segments.access import SegmentAccess

_Result = TypeVar("_Result")


class Project(Asking, CatalogLake):
    """A project's data: SQL as `CatalogLake`, and questions of each model.

    Threads may share it; their statements take turns. Answers are of the newest cut, within the
    limits of `query.time_max` and `query.memory_max`.
    """

    def __init__(
        self,
        home: str | PathLike[str],
        project: str = DEFAULT_PROJECT,
        *,
        settings: QuerySettings | None = None,
        rows_max: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        """As `Lake`; `clock` is where ranges without an end do end."""
        self._clock = clock or SystemClock()
        super().__init__(home, project, settings=settings, rows_max=rows_max)
        self._index: Any = None

    @property
    def events(self) -> Events:
        """Every accepted event, one row each; called, the question of the events model."""
        return Events(self)

    @property
    def alerts(self) -> Alerts:
        """Rules, channels, history and back-tests; see `footfall.alerts.access.Alerts`."""
        from footfall.alerts.access import Alerts

        found = load_settings(self._home.settings_file)
        return Alerts(self._home, self._project, found, self._clock, self._engine)

    @property
    def deliveries(self) -> Deliveries:
        """Destinations of files: how each gets on, paused and resumed."""
        from footfall.deliver.operating.access import Deliveries

        settings = load_settings(self._home.settings_file)
        return Deliveries(self._home, self._project, settings, self._clock)

    @property
    def continuous(self) -> Continuous:
        """Its continuous queries: added, listed, removed, and their results."""
        return Continuous(self, self._home, self._project)

    @property
    def segments(self) -> SegmentAccess:
        """Named groups of visitors or users: made, asked, overlapped."""
        from footfall.explore.segments.access import HomeSegments, SegmentAccess

        return SegmentAccess(HomeSegments(self._shelf, self._clock, self._drive))

    @property
    def _shelf(self) -> Segments:
        place = MetadataPlace.of(self._home, self._settings.metadata)
        return Segments(place, self._project, self._clock)

    @property
    def sessions(self) -> Sessions:
        """Every session as it is now, open ones too; and the definitions behind them."""
        return Sessions(self, self._home, self._project)

    def answer(self, question: Common) -> Any:
        """The answer of the question's model.

        Raises:
            Invalid: with every mistake of the question in `problems`.
            LimitReached: it took more time or memory than the limits.
            Unavailable: the project has nothing to read yet, or DuckDB failed.
        """
        return self._drive(answering(question, self._clock.now_us(), self._shelf))

    def open_cell(self, question: Common, cell: str) -> Members:
        """All that a cell of an answer counted; raises as `answer`."""
        now = self._clock.now_us()
        return self._drive(opening(question, cell, now, shelf=self._shelf))

    def _drive(self, asking: Generator[Ask, Found, _Result]) -> _Result:
        try:
            ask = next(asking)
            while True:
                ask = asking.send(self._found(ask))
        except StopIteration as end:
            result: _Result = end.value
            return result

    def _found(self, ask: Ask) -> Found:
        """Out of the journey index, if there is one that has it; else by the statement."""
        if self._index is None:
            from footfall.explore.journeys.process import local_index

            settings, threads = self._settings, self._limits.threads
            self._index = local_index(self._home, self._project, settings, threads)
        if self._index is not None and ask.asked is not None:
            known: Found | None = self._index.found(ask.asked)
            if known is not None:
                return known
        found = self._select(ask.sql, ask.values, ask.rows_max)
        cut = found.cut_sequence, found.cut_published_at
        return Found(_rows(found.table), found.is_cut_off, *cut)


class Events(Relation):
    """The view `events`; called, it answers the question of the events model."""

    def __init__(self, project: Project) -> None:
        """Of a project."""
        super().__init__(project, "events")
        self._project = project

    def __call__(self, *series: Any, **options: Any) -> AnswerResult[EventsAnswer]:
        """How often something happens, to how many; see `Asking.ask_events`."""
        return self._project.ask_events(*series, **options)


def _rows(table: pa.Table) -> list[list[Any]]:
    columns = [column.to_pylist() for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]
