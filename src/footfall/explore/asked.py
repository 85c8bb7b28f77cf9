"""Questions in Python's own words, whoever answers them: a home or a server.

>>> shop = footfall.open(home)
>>> shop.events("purchase", measure="visitors", range=("2024-10-04", "2024-10-05"))
<EventsResult: 3 rows, cut 1>
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec.structs import replace

from footfall.explore.answer import (
    Answer,
    AttributionAnswer,
    AttributionRow,
    CompareAnswer,
    CompareRow,
    EventsAnswer,
    EventsRow,
    FunnelAnswer,
    FunnelRow,
    LifecycleAnswer,
    LifecycleRow,
    Members,
    PathAnswer,
    PathRow,
    RetentionAnswer,
    RetentionRow,
)
from footfall.explore.question import (
    AttributionQuestion,
    CompareQuestion,
    EventsQuestion,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.question.common import Common
from footfall.explore.question.reading import read
from footfall.explore.question.short import short_options, short_selector

if TYPE_CHECKING:
    import altair as alt
    import polars as pl
    import pyarrow as pa

_Answer = TypeVar("_Answer", bound=Answer)
_Row = EventsRow | FunnelRow | RetentionRow | PathRow | LifecycleRow | AttributionRow | CompareRow


class Asker(ABC):
    """Whoever answers questions."""

    @abstractmethod
    def answer(self, question: Common) -> Any:
        """The answer of the question's model."""

    @abstractmethod
    def open_cell(self, question: Common, cell: str) -> Members:
        """All that a cell counted."""


class AnswerResult(Generic[_Answer]):
    """An answer in Python and notebooks."""

    def __init__(self, asker: Asker, question: Common, answer: _Answer) -> None:
        """Keep who answered, for its cells."""
        self._asker = asker
        self.question = question
        self.answer: _Answer = answer

    def __len__(self) -> int:
        return len(self.answer.rows)

    @property
    def rows(self) -> tuple[Any, ...]:
        """Typed rows, each with its `cell`."""
        return self.answer.rows

    @property
    def sql(self) -> str:
        """The statement that gave the numbers, values included."""
        return self.answer.sql

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before believing it."""
        return self.answer.notes

    @property
    def previous(self) -> AnswerResult[_Answer] | None:
        """The answer of the range before, with `compare="previous"`; events have it in their rows.

        >>> shop = footfall.open(home)
        >>> shop.funnel("page_view", "purchase", compare="previous", range="7d").previous
        <FunnelResult: 2 rows, cut 1>
        """
        found = getattr(self.answer, "previous", None)
        return None if found is None else AnswerResult(self._asker, self.question, found)

    def to_arrow(self) -> pa.Table:
        """One row a number; a column for each field of the breakdown."""
        from footfall.explore.frames import table_of

        return table_of(self.question, self.answer)

    def to_polars(self) -> pl.DataFrame:
        """The same as a Polars frame."""
        import polars as pl

        return pl.DataFrame(self.to_arrow())

    def to_pandas(self) -> Any:
        """The same as a pandas frame.

        Raises:
            Invalid: pandas is not installed (Footfall does not need it).
        """
        from footfall.errors import Invalid

        try:
            return self.to_arrow().to_pandas()
        except ModuleNotFoundError as error:
            raise Invalid("pandas is not installed; install it, or use .to_polars()") from error

    def members(self, cell: str | _Row) -> Members:
        """All that a number counted, with what they are.

        Args:
            cell: A row, for its number; or one of the keys that a row has.

        Raises:
            Invalid: nobody is behind it (a formula), it is of another question, or no cell.
        """
        from footfall.errors import Invalid

        key = cell if isinstance(cell, str) else getattr(cell, "cell", cell)
        if key is not None and not isinstance(key, str):
            raise Invalid(f"a cell is a row of the answer, or a key that a row has: {cell!r}")
        if key is None:
            raise Invalid("a formula counts nobody; open a number of one of its series")
        return self._asker.open_cell(self.pinned, key)

    @property
    def pinned(self) -> Common:
        """The question with the moment that its segments were of, for its cells."""
        moment = self.answer.segments_at
        return self.question if moment is None else replace(self.question, segments_at=moment)

    def visitors(self, cell: str | _Row) -> list[str | None]:
        """Ids of all that a number counted: visitors, or users, sessions, events, as it says."""
        return [one.id for one in self.members(cell).members]

    def __repr__(self) -> str:
        name = type(self.answer).__name__.removesuffix("Answer")
        return f"<{name}Result: {len(self):,} rows, cut {self.answer.cut_sequence}>"

    def chart(self) -> alt.Chart | alt.LayerChart:
        """The answer as a chart, to be changed as any other of Altair's.

        Raises:
            Invalid: Altair is not installed; `pip install 'footfall[notebook]'`.
        """
        from footfall.explore.charts import chart_of

        return chart_of(self.question, self.answer)

    def _repr_html_(self) -> str:
        from footfall.explore.frames import html_of

        return html_of(self.to_arrow(), self.notes)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Table and chart, for a notebook to choose from; without Altair the table."""
        return {"text/plain": repr(self), "text/html": self._repr_html_(), **self._drawn()}

    def _ipython_display_(self) -> None:
        """Chart and table, one below the other: of one bundle a notebook shows one thing only."""
        from IPython.display import display

        drawn = self._drawn()
        if drawn:
            display({"text/plain": repr(self), **drawn}, raw=True)
        display({"text/plain": repr(self), "text/html": self._repr_html_()}, raw=True)

    def _drawn(self) -> dict[str, Any]:
        """The chart as notebooks draw it, by its type; nothing without Altair."""
        from footfall.errors import Invalid

        try:
            spec = self.chart().to_dict()
        except Invalid:
            return {}
        major = str(spec["$schema"]).rpartition("/v")[2].partition(".")[0]
        return {f"application/vnd.vegalite.v{major}+json": spec}


class Asking(Asker):
    """Words for each model. `range`, `where`, `by` and events have short forms."""

    def ask_events(self, *series: Any, **options: Any) -> AnswerResult[EventsAnswer]:
        """How often something happens, to how many; docs/concepts/explore.md.

        Args:
            series: Names of events, or mappings with `event`, `measure`, `of`, `where`, `label`.
            options: Of the question; `measure` and `of` are those of all series that say none.

        Raises:
            Invalid: with every mistake in `problems`.
        """
        same = {name: options.pop(name) for name in ("measure", "of") if name in options}
        each = [{**same, **one} for one in map(short_selector, series or (None,))]
        question = read(EventsQuestion, {"series": each, **short_options(options)})
        return AnswerResult(self, question, self.answer(question))

    def funnel(self, *steps: Any, **options: Any) -> AnswerResult[FunnelAnswer]:
        """How many get from step to step; docs/concepts/explore.md.

        Args:
            steps: Names of events, or mappings with `event`, `where`, `label`.
            options: Of the question, such as `window`, `order`, `per`, `exclude`.

        Raises:
            Invalid: with every mistake in `problems`.
        """
        if "exclude" in options:
            options["exclude"] = [short_selector(one) for one in options["exclude"]]
        each = [short_selector(one) for one in steps]
        question = read(FunnelQuestion, {"steps": each, **short_options(options)})
        return AnswerResult(self, question, self.answer(question))

    def retention(self, **options: Any) -> AnswerResult[RetentionAnswer]:
        """Who comes back; docs/concepts/explore.md.

        Args:
            options: Of the question, such as `start`, `back`, `unit`, `periods`, `mode`.

        Raises:
            Invalid: with every mistake in `problems`.
        """
        for name in ("start", "back"):
            if name in options:
                options[name] = short_selector(options[name])
        question = read(RetentionQuestion, short_options(options))
        return AnswerResult(self, question, self.answer(question))

    def path(self, **options: Any) -> AnswerResult[PathAnswer]:
        """Where people go next, or where they came from; docs/concepts/explore.md.

        Args:
            options: Of the question, such as `nodes`, `node`, `direction`, `per`, `steps`, `rules`
                (also as a mapping from what matches to its label).

        Raises:
            Invalid: with every mistake in `problems`.
        """
        if "events" in options:
            options["events"] = short_selector(options["events"])
        if isinstance(options.get("rules"), Mapping):
            rules = options["rules"].items()
            options["rules"] = [{"match": match, "label": label} for match, label in rules]
        question = read(PathQuestion, short_options(options))
        return AnswerResult(self, question, self.answer(question))

    def lifecycle(self, **options: Any) -> AnswerResult[LifecycleAnswer]:
        """Who is new, came again, came back, stays away; docs/concepts/explore.md.

        Args:
            options: Of the question, such as `active`, `unit`, `per`.

        Raises:
            Invalid: with every mistake in `problems`.
        """
        if "active" in options:
            options["active"] = short_selector(options["active"])
        question = read(LifecycleQuestion, short_options(options))
        return AnswerResult(self, question, self.answer(question))

    def attribution(
        self, goal: Any, *touches: Any, **options: Any
    ) -> AnswerResult[AttributionAnswer]:
        """What led to a goal, and how much of it; docs/concepts/explore.md.

        Args:
            goal: Name of an event, or a mapping with `event` and `where`.
            touches: The same of each touch point; or say `field`.
            options: Of the question, such as `model`, `window`, `value`, `field`.

        Raises:
            Invalid: with every mistake in `problems`.
        """
        each = [short_selector(one) for one in touches]
        given = {"goal": short_selector(goal), "touches": each, **short_options(options)}
        question = read(AttributionQuestion, given)
        return AnswerResult(self, question, self.answer(question))

    def compare(self, variant: str, goal: Any, **options: Any) -> AnswerResult[CompareAnswer]:
        """Which variant of an experiment does better; docs/concepts/explore.md.

        Args:
            variant: The field that says which variant somebody got.
            goal: Name of an event, or a mapping with `event` and `where`.
            options: Of the question, such as `exposure`, `control`, `effect_min`, `alpha`.

        Raises:
            Invalid: with every mistake in `problems`.
        """
        if "exposure" in options:
            options["exposure"] = short_selector(options["exposure"])
        given = {"variant": variant, "goal": short_selector(goal), **short_options(options)}
        question = read(CompareQuestion, given)
        return AnswerResult(self, question, self.answer(question))
