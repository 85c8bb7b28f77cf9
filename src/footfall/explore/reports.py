"""Reports: questions that were saved under a title, for all people of a project.

What is saved is the question, never its answer: opened tomorrow, a report of the last 7 days is of
tomorrow's. Of two people who change one at once, the second is told.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from footfall.clock import Clock, uuid7
from footfall.errors import Conflict, Invalid
from footfall.explore.kinds import KINDS
from footfall.explore.question.reading import read
from footfall.explore.question.short import short_options
from footfall.metadata.place import MetadataPlace

REPORTS_MAX: Final = 1_000
"""Of a project."""
TITLE_LENGTH_MAX: Final = 200
VIEW_LENGTH_MAX: Final = 20
QUESTION_BYTES_MAX: Final = 64 << 10
_COLUMNS: Final = "report, title, model, question, view, is_starred, version, updated_at"


class ReportToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/reports` and `PUT /api/reports/{id}`."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=TITLE_LENGTH_MAX)]
    model: str
    question: dict[str, Any]
    """As `POST /api/explore/{model}` takes it."""
    view: Annotated[str, msgspec.Meta(max_length=VIEW_LENGTH_MAX)] = ""
    """How the page draws it, such as `table`."""
    is_starred: bool = False
    version: int | None = None
    """The one that was changed; null overwrites any."""


class Report(msgspec.Struct, frozen=True):
    """One that is kept."""

    id: str
    title: str
    model: str
    question: dict[str, Any]
    view: str
    is_starred: bool
    version: int
    updated_at: int
    """Microseconds since 1970 UTC."""


class Reports:
    """Those of one project. Safe to use from several processes at once."""

    def __init__(self, place: MetadataPlace, project: str, clock: Clock) -> None:
        """Touch nothing yet."""
        self._place = place
        self._project = project
        self._clock = clock

    def list(self) -> tuple[Report, ...]:
        """Those with a star first, then by title.

        Raises:
            Unavailable: metadata cannot be read now.
        """
        rows = self._place.rows(
            f"SELECT {_COLUMNS} FROM reports WHERE project = ?"  # noqa: S608 (our own names)
            " ORDER BY is_starred DESC, title, report",
            (self._project,),
        )
        return tuple(map(_report, rows))

    def get(self, report_id: str) -> Report | None:
        """One, by its id; `None` if there is none."""
        rows = self._place.rows(
            f"SELECT {_COLUMNS} FROM reports WHERE project = ? AND report = ?",  # noqa: S608
            (self._project, report_id),
        )
        return _report(rows[0]) if rows else None

    def save(self, given: ReportToSave, report_id: str | None = None) -> Report:
        """Keep a new one, or what one became.

        Raises:
            Invalid: there is no such report or model, the question has options that its model has
                not, or there are too many.
            Conflict: it was changed since `given.version`.
        """
        kind = KINDS.get(given.model)
        if kind is None:
            raise Invalid(f"no such model; there are {', '.join(KINDS)}: model={given.model[:40]}")
        read(kind.question, short_options(given.question))
        text = msgspec.json.encode(given.question).decode()
        if len(text) > QUESTION_BYTES_MAX:
            raise Invalid(f"a question has at most {QUESTION_BYTES_MAX} bytes of JSON")
        from sqlalchemy import func, insert, select, update

        from footfall.metadata.database.tables import reports

        values = {
            "title": given.title,
            "model": given.model,
            "question": text,
            "view": given.view,
            "is_starred": int(given.is_starred),
            "updated_at": self._clock.now_us(),
        }
        mine = reports.c.project == self._project
        with self._place.transaction(self._clock) as connection:
            if report_id is None:
                count = select(func.count()).select_from(reports).where(mine)
                if connection.execute(count).scalar_one() >= REPORTS_MAX:
                    raise Invalid(f"a project has at most {REPORTS_MAX} reports; remove some")
                key = uuid7(self._clock.now_us()).hex()
                made = insert(reports).values(
                    project=self._project, report=key, version=1, **values
                )
                connection.execute(made)
            else:
                key = report_id
                chosen = mine & (reports.c.report == key)
                row = connection.execute(select(reports.c.version).where(chosen)).first()
                if row is None:
                    raise Invalid("there is no such report; it may have been removed")
                if given.version is not None and given.version != row.version:
                    raise Conflict("the report was changed meanwhile; load it again")
                connection.execute(
                    update(reports).where(chosen).values(version=row.version + 1, **values)
                )
        found = self.get(key)
        assert found is not None
        return found

    def remove(self, report_id: str) -> None:
        """Forget one; dashboards that have it keep their copy.

        Raises:
            Invalid: there is none.
        """
        from sqlalchemy import delete

        from footfall.metadata.database.tables import reports

        chosen = (reports.c.project == self._project) & (reports.c.report == report_id)
        with self._place.transaction(self._clock) as connection:
            if connection.execute(delete(reports).where(chosen)).rowcount == 0:
                raise Invalid("there is no such report; it may have been removed")


def _report(row: tuple[Any, ...]) -> Report:
    key, title, model, question, view, is_starred, version, updated_at = row
    return Report(
        key,
        title,
        model,
        msgspec.json.decode(question),
        view,
        bool(is_starred),
        version,
        updated_at,
    )
