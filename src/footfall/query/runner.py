"""Who runs statements for the parts above: a pool of workers, the catalog before it, or a fake."""

from __future__ import annotations

from typing import Protocol

from footfall.query.protocol import Answer, Format, Parameters


class SqlRunner(Protocol):
    """Runs one statement: `QueryPool`, or what stands before it."""

    async def run(
        self,
        sql: str,
        parameters: Parameters = (),
        *,
        format: Format = "rows",  # noqa: A002 (the word users know)
        rows_max: int | None = None,
    ) -> Answer:
        """Answer of the guarded statement `sql`; ends with its work when it is cancelled.

        Raises:
            Invalid: it is not one SELECT over known views.
            LimitReached: it needed more time or memory than the limits.
            Overloaded: too many statements wait.
            Unavailable: there is nothing to read yet.
        """
        ...
