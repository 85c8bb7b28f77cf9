"""Beer-shop sessions: clicks of five bands of users, sessions by step, a rule, a donut, a tree map.

A session is what one user does on one device within one step of time. Its row has the names and
values that the published system's has, but nothing in it is cut, first and last are by event time,
and what comes late is the same session again with a higher `revision`.
"""

from __future__ import annotations

import random
from typing import Any, Final

import msgspec

from footfall.clock import MINUTE, SECOND
from footfall.recipes.systems.recipe import Check, Crawled, Part, Recipe, Saved
from footfall.recipes.systems.sending import event_id, in_parts, iso, own_request

NAME: Final = "beer-shop"
APP: Final = "beer_shop"
BANDS: Final = tuple((50 * at, 50 * at + 30) for at in range(1, 6))
"""First and last user id of each: 50 to 80, 100 to 130, … 250 to 280."""
DEVICES: Final = ("mobile", "computer", "tablet", "mobile", "computer")
CLICKS: Final = (
    *("beer_vitrine_nav", "beer_checkout", "beer_product_detail"),
    *("beer_products", "beer_selection", "beer_cart"),
)
STEP_MAX: Final = 15 * MINUTE
"""Of the windows: with longer ones nothing would be over while somebody looks on."""
PAST_STEPS: Final = 2.5
"""The past is at least so many windows long: some of them are over, whatever the step."""
WAIT_MAX: Final = MINUTE
"""Of windows whose end is waited for, so that what is late meets sessions that were over."""
SHORT_MS: Final = 20_000
RULE: Final = "short"


class BeerSettings(msgspec.Struct, frozen=True):
    """The parameters."""

    events: int = 6_000
    rate: int = 40
    """Events a second."""
    step_us: int = 30 * SECOND
    buffer_age: str = "60s"
    buffer_bytes: str = "5MiB"
    seed: int = 1


def beer_shop(settings: BeerSettings, files: str, hook: str, secret: str) -> Recipe:
    """The recipe, files below `files`, also in a bucket; its rule tells `hook`."""
    buffers = {"buffer_age": settings.buffer_age, "buffer_bytes": settings.buffer_bytes}
    return Recipe(
        name=NAME,
        app=APP,
        settings={
            "sessions": {
                "definitions": {
                    "beer": {
                        "kind": "step",
                        "step": f"{settings.step_us // SECOND}s",
                        "key": ["user_id", "device_id"],
                    }
                }
            },
            "deliver": {
                "destinations": {
                    "rawdata": {
                        "source": "events",
                        "place": f"{files}/rawdata",
                        **buffers,
                        "columns": {
                            "user_id": "user_id",
                            "device_id": "device_id",
                            "client_event": "event_name",
                            "client_timestamp": "event_time",
                        },
                    },
                    "aggregated": {
                        "source": "sessions",
                        "definition": "beer",
                        "settle": "0s",
                        "place": f"{files}/aggregated",
                        **buffers,
                        "columns": _columns(settings.step_us // SECOND),
                    },
                }
            },
            "alerts": {
                "private_addresses": True,
                "channels": {"log": {"kind": "webhook", "url": hook, "secret": secret}},
                "rules": {
                    RULE: {
                        "kind": "session",
                        "definition": "beer",
                        "when": f"duration_ms < {SHORT_MS}",
                        "channels": ["log"],
                    }
                },
            },
        },
        destinations=("rawdata", "aggregated"),
        is_quiet=_IS_QUIET if settings.step_us <= WAIT_MAX else "",
        crawls=(Crawled("beer_shop"),),
        statements=(_view("clicks_today", 3), _view("clicks_month", 2)),
        saved=(
            Saved(
                "sessions_per_duration",
                SESSIONS_PER_DURATION,
                "How many sessions lasted how long, today; the most frequent first.",
            ),
        ),
        dashboard=_dashboard(),
        checks=_checks(),
    )


_IS_QUIET: Final = "SELECT count(*) FROM sessions_beer WHERE status = 'open'"
SESSIONS_PER_DURATION: Final = """SELECT duration_sec, count(1) sessions
FROM "clicks_today"
where duration_sec>0
group by duration_sec
order by sessions desc"""


def beer_traffic(
    settings: BeerSettings, now_us: int, live_us: int, write_id: str
) -> tuple[Part, Part, Part]:
    """Clicks of the past, of the time from now on, and what is late or comes again.

    Args:
        settings: How many of the past, and how many a second.
        now_us: When the past ends: it lasted as long as its events take at the rate, or longer if
            the step is long.
        live_us: How long the time from now on is.
        write_id: App to send to.
    """
    rng = random.Random(settings.seed)
    apart = SECOND // settings.rate
    least = int(PAST_STEPS * settings.step_us) // max(1, settings.events)
    before = max(apart, least)
    past = [_click(rng, now_us - (at + 1) * before) for at in range(settings.events)][::-1]
    live = [_click(rng, now_us + at * apart) for at in range(live_us // apart)]

    def write(click: tuple[int, dict[str, Any]]) -> Any:
        return own_request(write_id, *click)

    first, late = in_parts(past, write, rng)
    now = Part(tuple(write(one) for one in live), len(live), 0)
    return first, now, late


def _click(rng: random.Random, at_us: int) -> tuple[int, dict[str, Any]]:
    user, device = rng.randint(*rng.choice(BANDS)), rng.choice(DEVICES)
    return at_us, {
        "event_id": event_id(rng),
        "name": rng.choice(CLICKS),
        "timestamp": iso(at_us),
        "visitor_id": f"{user}-{device}",
        "user_id": user,
        "device_id": device,
    }


def _columns(step: int) -> dict[str, str]:
    floored = f"cast(extract(epoch from started_at) as bigint) // {step} * {step}"
    return {
        "session_id": f"=upper(user_id || '_' || left(device_id, 3)) || cast({floored} as varchar)",
        "user_id": "visitor_id.user_id",
        "device_id": "visitor_id.device_id",
        "timeagg": f"=cast({floored} * 1000000 as timestamp)",
        "events": "events",
        "beginnavigation": "first_event_name",
        "endnavigation": "last_event_name",
        "beginsession": "=strftime(started_at, '%M:%S')",
        "endsession": "=strftime(ended_at, '%M:%S')",
        "duration_sec": "=duration_ms // 1000",
        "revision": "revision",
    }


def _view(name: str, parts: int) -> str:
    """The system's own statement."""
    of = ("year", "month", "day")[:parts]
    conditions = " and\n".join(
        f"cast(partition_{at} as integer)={part}(current_date)" for at, part in enumerate(of)
    )
    return f'CREATE OR REPLACE VIEW {name} AS\nSELECT\n*\nFROM "aggregated"\nWHERE\n{conditions}'


def _dashboard() -> dict[str, Any]:
    lines = {
        "session_duration": ("Session duration, seconds", "avg(duration_ms) / 1000"),
        "session_events": ("Session events", "avg(events)"),
    }
    tiles: list[dict[str, Any]] = [
        {
            "id": "beginnavigation",
            "title": "Sessions by first click",
            "chart": "donut",
            "place": {"x": 0, "y": 0, "w": 5, "h": 7},
            "query": {
                "kind": "fields",
                "table": "aggregated",
                "x": {"column": "beginnavigation"},
            },
        },
        {
            "id": "devices",
            "title": "Devices by duration, coloured by events",
            "chart": "tree_map",
            "place": {"x": 5, "y": 0, "w": 7, "h": 7},
            "query": {
                "kind": "fields",
                "table": "aggregated",
                "x": {"column": "device_id"},
                "size": {"column": "duration_sec", "measure": "sum"},
                "colour": {"column": "events", "measure": "sum"},
            },
        },
    ]
    for at, (name, (title, value)) in enumerate(lines.items()):
        tiles.append(
            {
                "id": name,
                "title": title,
                "chart": "line",
                "place": {"x": 6 * at, "y": 7, "w": 6, "h": 5},
                "query": {
                    "kind": "sql",
                    "sql": f"SELECT date_trunc('second', ended_at) AS second, {value} AS {name}"  # noqa: S608
                    " FROM sessions_beer WHERE status = 'closed' AND ended_at >= $from"
                    " AND ended_at < $to GROUP BY 1 ORDER BY 1 DESC LIMIT 600",
                },
            }
        )
    return {
        "title": "Beer shop: sessions",
        "range": {"last": 1, "unit": "day"},
        "sheets": [{"title": "Sessions", "tiles": tiles}],
    }


def _checks() -> tuple[Check, ...]:
    user, device = "visitor_id ->> '$.user_id'", "visitor_id ->> '$.device_id'"
    closed = "FROM sessions_beer WHERE status = 'closed'"
    return (
        Check(
            "clicks",
            "SELECT count(*) FROM rawdata",
            f"SELECT count(*) FROM events WHERE app_id = '{APP}'",  # noqa: S608 (our own names)
        ),
        Check("sessions", "SELECT count(*) FROM aggregated", f"SELECT count(*) {closed}"),
        Check(
            "sessions by first click",
            "SELECT beginnavigation, count(*) FROM aggregated GROUP BY ALL",
            f"SELECT first_event_name, count(*) {closed} GROUP BY ALL",
        ),
        Check(
            "duration and events by device",
            "SELECT device_id, sum(duration_sec), sum(events) FROM aggregated GROUP BY ALL",
            f"SELECT {device}, sum(duration_ms // 1000), sum(events) {closed} GROUP BY ALL",
        ),
        Check(
            "each session with all it says",
            "SELECT user_id, device_id, events, beginnavigation, endnavigation, beginsession,"
            " endsession, duration_sec, revision FROM aggregated",
            f"SELECT {user}, {device}, events, first_event_name, last_event_name,"
            " strftime(started_at, '%M:%S'), strftime(ended_at, '%M:%S'), duration_ms // 1000,"
            f" revision {closed}",
        ),
    )
