"""All rows of one panel, searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from footfall.errors import Invalid
from footfall.live import TopList, TopRow
from footfall.query import SqlRunner
from footfall.studio.api.filters import (
    EVENT_FIELDS,
    VALUE_LENGTH_MAX,
    VISITOR_FIELDS,
    Filter,
    Panel,
    narrowed,
)
from footfall.studio.api.scope import Scope, TimeRange

PANEL_ROWS_MAX: Final = 1_000


async def read_list(
    sql: SqlRunner,
    panel: Panel,
    search: str,
    filters: Sequence[Filter],
    scope: Scope,
    during: TimeRange,
) -> TopList:
    """Values of a panel, most frequent first, at most `PANEL_ROWS_MAX`.

    Args:
        sql: Asks.
        panel: Which.
        search: Only values with this text in them, whatever the case; "" is all.
        filters: What the page is narrowed to.
        scope: Which app, and whose events.
        during: When.

    Raises:
        Invalid: the search is too long.
    """
    if len(search) > VALUE_LENGTH_MAX:
        raise Invalid(f"search for at most {VALUE_LENGTH_MAX} characters")
    start = narrowed(filters, scope, during)
    if panel in EVENT_FIELDS:
        field = EVENT_FIELDS[panel]
        source = f"hits WHERE {field} IS NOT NULL" + (" AND is_view" if panel == "pages" else "")
    else:
        field, source = VISITOR_FIELDS[panel], "seen WHERE TRUE"
    select = _SELECT.format(field=field, source=source)
    found = await sql.run(start.ctes + select, (*start.parameters, search, search))
    rows = msgspec.json.decode(found.body, type=list[tuple[str | None, int, int]])
    shown = tuple(TopRow(value, count) for value, count, _ in rows)
    total = rows[0][2] if rows else 0
    return TopList(shown, total - sum(row.count for row in shown))


_SELECT: Final = f"""
SELECT {{field}}, count(*), CAST(sum(count(*)) OVER () AS BIGINT) FROM {{source}}
    AND (? = '' OR contains(lower({{field}}), lower(?)))
GROUP BY {{field}} ORDER BY count(*) DESC, {{field}} DESC NULLS LAST LIMIT {PANEL_ROWS_MAX}
"""  # noqa: S608 (fields are ours; values are bound)
