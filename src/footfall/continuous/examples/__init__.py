"""Continuous queries that come with Footfall: `footfall continuous add NAME --example NAME`.

What two published systems ask of a stream, in this form: sessions of a beer shop by fixed windows,
and the two metrics of each. The metrics need a session definition:

    [sessions.definitions.beer]
    kind = "step"
    step = "30s"
    key = ["user_id", "device_id"]
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from footfall.errors import Invalid
from footfall.settings import QueryDefinition


def _sql(name: str) -> str:
    return resources.files(__name__).joinpath(f"{name}.sql").read_text("utf-8")


EXAMPLES: Final[tuple[str, ...]] = (
    "beer_sessions",
    "beer_sessions_by_minute",
    "session_duration",
    "session_events",
)
"""Names; `example` has the definitions."""


def example(name: str) -> QueryDefinition:
    """One of `EXAMPLES`.

    Raises:
        Invalid: there is none of this name; the message names those there are.
    """
    key = ("session_id",)
    match name:
        case "beer_sessions":
            return QueryDefinition(_sql("beer_sessions"), "30s", "events", "", key)
        case "beer_sessions_by_minute":
            return QueryDefinition(_sql("beer_sessions"), "1m", "events", "", key)
        case "session_duration" | "session_events":
            return QueryDefinition(_sql(name), "session beer", "sessions", "", key)
    raise Invalid(f"no example of this name; there are: {', '.join(EXAMPLES)}: {name=}")
