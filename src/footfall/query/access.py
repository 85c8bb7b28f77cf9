"""A project's data in Python and notebooks: `footfall.open("…").sql("…")`.

Statements run in the caller's process, each on the newest cut, under the same guard as everywhere.
The number of rows is not limited unless asked. The limits of time and memory are the settings', as
far as DuckDB holds them by itself (one long text that a function builds counts for neither); a
server's workers have the kernel's limits and are killed besides.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
import pyarrow as pa

from footfall.errors import Invalid
from footfall.home import Home
from footfall.lake.location import check_location
from footfall.lake.store.options import bucket_of
from footfall.project import DEFAULT_PROJECT, ID_PATTERN
from footfall.query.definitions import Definitions, no_definitions
from footfall.query.engine import Engine, Selection
from footfall.query.formats import to_python
from footfall.query.protocol import Column, Parameters
from footfall.settings import QuerySettings, load_settings
from footfall.upgrade import check_format

if TYPE_CHECKING:
    import polars as pl

SHOWN_ROWS: Final = 20
"""Rows that a notebook shows."""
_SHOWN_TEXT_MAX: Final = 200


class Result:
    """Rows that a statement selected, in memory."""

    def __init__(self, selection: Selection) -> None:
        """Take over what the engine returned."""
        self._selection = selection

    def __len__(self) -> int:
        return int(self._selection.table.num_rows)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Names and SQL types."""
        return self._selection.columns

    @property
    def is_cut_off(self) -> bool:
        """There were more rows than were asked for."""
        return self._selection.is_cut_off

    def arrow(self) -> pa.Table:
        """An Arrow table; ids are text, instants have the time zone UTC."""
        return self._selection.table

    def polars(self) -> pl.DataFrame:
        """A Polars frame."""
        import polars as pl

        return pl.DataFrame(self._selection.table)

    def pandas(self) -> Any:
        """A pandas frame.

        Raises:
            Invalid: pandas is not installed (Footfall does not need it).
        """
        try:
            return self._selection.table.to_pandas()
        except ModuleNotFoundError as error:
            raise Invalid("pandas is not installed; install it, or use .polars()") from error

    def rows(self) -> list[dict[str, Any]]:
        """One dictionary a row, with Python's own types."""
        return list(self._selection.table.to_pylist())

    def __repr__(self) -> str:
        more = ", cut off" if self.is_cut_off else ""
        return f"<Result: {len(self):,} rows{more}: {', '.join(c.name for c in self.columns)}>"

    def _repr_html_(self) -> str:
        """A table of the first rows. Everything that came from outside is escaped: it is text."""
        head = "".join(
            f'<th title="{html.escape(column.type)}">{html.escape(column.name)}</th>'
            for column in self.columns
        )
        shown = self._selection.table.slice(0, SHOWN_ROWS)
        columns = [to_python(column.combine_chunks()) for column in shown.columns]
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in zip(*columns, strict=True))
        left = len(self) - shown.num_rows
        foot = f"<p>{left:,} more rows</p>" if left else ""
        if self.is_cut_off:
            foot = "<p>there are more rows</p>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


class Relation:
    """One of the views; reads nothing until asked, and then the newest cut."""

    def __init__(self, lake: Lake, view: str) -> None:
        """Name a view of `lake`."""
        self._lake = lake
        self._view = view

    def arrow(self) -> pa.Table:
        """All its rows."""
        return self._all().arrow()

    def polars(self) -> pl.DataFrame:
        """All its rows."""
        return self._all().polars()

    def __len__(self) -> int:
        return int(self._lake.sql(f"SELECT count(*) AS n FROM {self._view}").rows()[0]["n"])  # noqa: S608

    def __repr__(self) -> str:
        return f"<Relation {self._view} of {self._lake!r}>"

    def _all(self) -> Result:
        return self._lake.sql(f"FROM {self._view}")

    def _repr_html_(self) -> str:
        return self._lake._run(f"FROM {self._view}", (), SHOWN_ROWS)._repr_html_()


class Lake:
    """A project's data. Threads may share it; their statements take turns."""

    def __init__(
        self,
        home: str | PathLike[str],
        project: str = DEFAULT_PROJECT,
        *,
        settings: QuerySettings | None = None,
        rows_max: int | None = None,
    ) -> None:
        """Open an installation's data for reading; the server need not run.

        Args:
            home: Directory of the installation.
            project: One of its projects.
            settings: Limits; those of the installation's `footfall.toml` without it.
            rows_max: Most rows that `sql` returns; `Result.is_cut_off` says if there were more.

        Raises:
            Invalid: `project` is not a project's name, `footfall.toml` has mistakes, a newer
                version of the program wrote the installation, or it was moved and not started yet.
        """
        if not ID_PATTERN.match(project):
            raise Invalid(
                f"not the name of a project; names match {ID_PATTERN.pattern}: {project=}"
            )
        self._home = Home(Path(home).expanduser().resolve())
        check_format(self._home)
        check_location(self._home.lake_dir)
        self._project = project
        self._rows_max = rows_max
        self._settings = load_settings(self._home.settings_file)
        self._limits = settings or self._settings.query
        self._definitions = self._read_definitions(None)
        self._engine = self._opened()
        self._turn = threading.RLock()

    @property
    def events(self) -> Relation:
        """Every accepted event, one row each."""
        return Relation(self, "events")

    @property
    def sessions(self) -> Relation:
        """Every session as it is now, open ones too."""
        return Relation(self, "sessions")

    @property
    def failed_events(self) -> Relation:
        """What could not become an event, with the reason."""
        return Relation(self, "failed_events")

    def definitions(self) -> dict[str, str]:
        """Name of each session definition that is shown now, and of its view."""
        return self._engine.definitions()

    def sql(self, query: str, *values: Any, **named: Any) -> Result:
        """Run one SELECT on the newest cut.

        Args:
            query: The statement; docs/concepts/sql.md.
            values: Values for `?`, in order; not together with `named`.
            named: Values for `$name`.

        Raises:
            Invalid: the statement or its values are wrong.
            LimitReached: it took more time or memory than the limits.
            Unavailable: the project has nothing to read yet, or DuckDB failed.
            Corrupt: files of the cut are damaged or missing.
        """
        if values and named:
            raise Invalid("give values for ? or for $name, not both")
        return self._run(query, named or values, self._rows_max)

    def close(self) -> None:
        """Free what it holds."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Lake {self._project} in {self._home.root}>"

    def _run(self, query: str, parameters: Parameters, rows_max: int | None) -> Result:
        return Result(self._select(query, parameters, rows_max))

    def _select(self, query: str, parameters: Parameters, rows_max: int | None) -> Selection:
        with self._turn:
            definitions = self._read_definitions(self._definitions)
            if definitions is not self._definitions:
                # What an engine may read is fixed when it is opened.
                self._engine.close()
                self._definitions = definitions
                self._engine = self._opened()
            return self._engine.run(query, parameters, rows_max=rows_max)

    def _opened(self) -> Engine:
        bucket = bucket_of(self._settings.lake)
        return Engine(self._home, self._project, self._limits, bucket, self._definitions)

    def _read_definitions(self, known: Definitions | None) -> Definitions:
        """What statements may name besides; those who have a catalog have more."""
        return no_definitions(known)


def _cell(value: Any) -> str:
    if value is None:
        return "<td><i>null</i></td>"
    is_nested = isinstance(value, Mapping | list)
    text = msgspec.json.encode(value).decode() if is_nested else str(value)
    shown = text if len(text) <= _SHOWN_TEXT_MAX else text[:_SHOWN_TEXT_MAX] + "…"
    return f"<td>{html.escape(shown)}</td>"
