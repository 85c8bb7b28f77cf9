"""What a dashboard is."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from footfall.explore.question.common import Filter, Text, Value
from footfall.explore.question.ranges import Range

GRID_COLUMNS: Final = 12
HEIGHT_MAX: Final = 24
"""Of a tile, in rows of the grid."""
ROWS_MAX: Final = 400
"""Of a sheet's grid."""
SHEETS_MAX: Final = 20
TILES_MAX: Final = 60
"""Of a dashboard, all sheets together."""
FILTERS_MAX: Final = 20
SQL_LENGTH_MAX: Final = 100_000
MARKDOWN_LENGTH_MAX: Final = 20_000
TITLE_LENGTH_MAX: Final = 200
BYTES_MAX: Final = 200 * 1024
"""Of a dashboard, as JSON."""

Chart = Literal[
    "number",
    "table",
    "line",
    "area",
    "bar",
    "stacked_bar",
    "pie",
    "donut",
    "tree_map",
    "heat_map",
    "text",
]
Measure = Literal["count", "distinct", "sum", "avg", "median", "min", "max"]
TimeUnit = Literal["minute", "hour", "day", "week", "month"]
Title = Annotated[str, msgspec.Meta(max_length=TITLE_LENGTH_MAX)]


class FieldUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field of a table, as it is drawn: by its values, or measured."""

    column: Text = ""
    """A column, `properties.x` or `user_properties.x`; empty for a count of rows."""
    measure: Measure | None = None
    """Null: a group for each value."""
    unit: TimeUnit | None = None
    """How instants are grouped; by day without it."""


class FieldsQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="fields"
):
    """Fields of one table or view; the SQL is made of them."""

    table: Text
    x: FieldUse | None = None
    y: FieldUse | None = None
    """Without it, a count of rows."""
    colour: FieldUse | None = None
    size: FieldUse | None = None
    where: tuple[Filter, ...] = ()
    limit: Annotated[int, msgspec.Meta(ge=1, le=5_000)] = 500
    """Groups shown, those with most first."""


class SqlQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sql"
):
    """One SELECT; `$from` and `$to` in it are the ends of the range, `$zone` the dashboard's."""

    sql: Annotated[str, msgspec.Meta(min_length=1, max_length=SQL_LENGTH_MAX)]


class NamedQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="saved"
):
    """A statement that was saved under a name; it is read each time."""

    name: Text
    parameters: dict[str, Value | None] = {}


class ReportQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="report"
):
    """A question of an explore model; range and filters of the dashboard count for it, too."""

    model: Text
    """events, funnel, retention, …."""
    question: dict[str, Any]
    """As `POST /api/explore/{model}` takes it."""


Query = FieldsQuery | SqlQuery | NamedQuery | ReportQuery


class TilePlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a tile is on the grid of 12 columns; rows are as high as a column is wide, about."""

    x: Annotated[int, msgspec.Meta(ge=0, lt=GRID_COLUMNS)]
    y: Annotated[int, msgspec.Meta(ge=0, le=ROWS_MAX)]
    w: Annotated[int, msgspec.Meta(ge=1, le=GRID_COLUMNS)]
    h: Annotated[int, msgspec.Meta(ge=1, le=HEIGHT_MAX)]


class TileOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which columns of the answer are drawn as what; what is left out is chosen by their types.

    For tiles of fields they are the fields' and not said here.
    """

    x: Text = ""
    y: tuple[Text, ...] = ()
    colour: Text = ""
    size: Text = ""


class Tile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One chart, number, table or text."""

    id: Text
    title: Title = ""
    chart: Chart
    place: TilePlace
    query: Query | None = None
    """Every tile but a text has one."""
    text: Annotated[str, msgspec.Meta(max_length=MARKDOWN_LENGTH_MAX)] = ""
    """Of a text: Markdown; markup in it is shown as it is written."""
    options: TileOptions = msgspec.field(default_factory=TileOptions)
    range: Range | None = None
    """Its own, whatever is chosen for the others; null: the dashboard's."""


class Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One page of tiles."""

    title: Title
    tiles: tuple[Tile, ...] = ()


class Dashboard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole dashboard."""

    title: Title
    sheets: tuple[Sheet, ...]
    range: Range = msgspec.field(default_factory=lambda: Range(last=7))
    """Where none is chosen: the last 7 days."""
    filters: tuple[Filter, ...] = ()
    """Of all tiles; each names one field."""
    zone: Text = "UTC"
    """IANA name; days and hours are cut in it."""

    def tile(self, tile_id: str) -> Tile | None:
        """The tile of this id."""
        tiles = (tile for sheet in self.sheets for tile in sheet.tiles)
        return next((tile for tile in tiles if tile.id == tile_id), None)


class SegmentPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One value that a segment stands for."""

    column: str
    """Of the tile's answer."""
    value: str | int | float | bool | None
    """As the answer has it."""
