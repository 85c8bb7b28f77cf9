"""Mobile clicks and places: records of a small page, kept as JSON documents one after another."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Final

import msgspec

from footfall.recipes.systems.recipe import Check, Part, Recipe, Saved
from footfall.recipes.systems.sending import USER_AGENT, in_parts, iso
from footfall.recipes.traffic import TimedRequest

NAME: Final = "touchwood"
APP: Final = "touchwood-app"
PATH: Final = "/poc-kstream/"
LANGUAGES: Final = ("en", "hk", "jp", "de")
WOODS: Final = ("Oak", "Walnut", "Cherry", "Maple", "Teak", "Ash")
PAGE_FILE: Final = Path(__file__).with_name("touchwood.html")


class TouchwoodSettings(msgspec.Struct, frozen=True):
    """The parameters."""

    records: int = 300
    client_id: str = APP
    prefix: str = "YYYY/MM/DD/HH/"
    buffer_age: str = "60s"
    buffer_bytes: str = "50MiB"
    seed: int = 1


def touchwood(settings: TouchwoodSettings, files: str) -> Recipe:
    """The recipe, with its files below a directory or `s3://bucket/prefix`."""
    return Recipe(
        name=NAME,
        app=settings.client_id,
        settings={
            "deliver": {
                "destinations": {
                    "touchwood": {
                        "source": "events",
                        "format": "json",
                        "place": f"{files}/touchwood",
                        "prefix": settings.prefix,
                        "buffer_age": settings.buffer_age,
                        "buffer_bytes": settings.buffer_bytes,
                        "columns": {
                            "token": "client_session_id",
                            "timestamp": "created_at",
                            "tag": "event_name",
                            "value": "properties.value",
                            "latitude": "properties.latitude",
                            "longitude": "properties.longitude",
                            "client_id": "app_id",
                            "client_ip": "ip",
                            "user_agent": "user_agent",
                        },
                    }
                }
            }
        },
        destinations=("touchwood",),
        crawls=(),
        statements=(_table(f"{files}/touchwood"), _view()),
        saved=(
            Saved(
                "likes",
                "SELECT wood, count(*) FILTER (tag = 'LIKE_WOOD') AS likes,"
                " count(*) FILTER (tag = 'UNLIKE_WOOD') AS unlikes FROM wood_clicks"
                " GROUP BY wood ORDER BY likes DESC",
                "How often each wood was liked, and not liked any more.",
            ),
        ),
        dashboard=_dashboard(),
        checks=_checks(),
    )


def touchwood_traffic(settings: TouchwoodSettings, now_us: int, last_us: int) -> tuple[Part, Part]:
    """Records of people who looked at the page between `last_us` and `now_us`."""
    rng = random.Random(settings.seed)
    span = now_us - last_us
    records: list[tuple[int, dict[str, Any]]] = []
    while len(records) < settings.records:
        token = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=16))
        at = now_us - rng.randrange(span // 10, span)
        for _ in range(rng.randint(1, 8)):
            at += rng.randrange(1, span // 100)
            records.append((at, _record(rng, token, at)))
    records = sorted(records[: settings.records], key=lambda one: one[0])
    return in_parts(records, lambda one: record_request(settings.client_id, *one), rng)


def record_request(client_id: str, at_us: int, record: dict[str, Any]) -> TimedRequest:
    """A record as the page sends it."""
    headers = (
        ("content-type", "application/json"),
        ("client_id", client_id),
        ("user-agent", USER_AGENT),
    )
    return TimedRequest(at_us, "POST", PATH, "", headers, msgspec.json.encode(record), 1)


def _record(rng: random.Random, token: str, at_us: int) -> dict[str, Any]:
    tag = rng.choice(("GEO_LOC", "CLICK_LANG", "LIKE_WOOD", "LIKE_WOOD", "UNLIKE_WOOD"))
    record: dict[str, Any] = {"token": token, "timestamp": iso(at_us), "tag": tag}
    if tag == "GEO_LOC":
        record["latitude"] = round(22.2 + rng.random() / 4, 5)
        record["longitude"] = round(113.9 + rng.random() / 3, 5)
    elif tag == "CLICK_LANG":
        record["value"] = rng.choice(LANGUAGES)
    else:
        record["value"] = rng.randrange(len(WOODS))
    return record


def _table(place: str) -> str:
    return (
        "CREATE EXTERNAL TABLE IF NOT EXISTS touchwood (\n  token string, `timestamp` timestamp,"
        " tag string, value string,\n  latitude double, longitude double,\n  client_id string,"
        " client_ip string, user_agent string\n)\n"
        "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'\n"
        f"LOCATION '{place}'"
    )


def _view() -> str:
    """A record has the number of a wood; people know it by its name."""
    names = " ".join(f"WHEN '{number}' THEN '{name}'" for number, name in enumerate(WOODS))
    return (
        "CREATE OR REPLACE VIEW wood_clicks AS\n"
        f'SELECT CASE value {names} ELSE value END AS wood, tag, token, "timestamp"\n'
        "FROM touchwood WHERE tag IN ('LIKE_WOOD', 'UNLIKE_WOOD')"
    )


def _dashboard() -> dict[str, Any]:
    table = {"kind": "fields", "table": "touchwood"}
    return {
        "title": "Touchwood",
        "range": {"last": 1, "unit": "day"},
        "sheets": [
            {
                "title": "Records",
                "tiles": [
                    {
                        "id": "tags",
                        "title": "Records by tag",
                        "chart": "bar",
                        "place": {"x": 0, "y": 0, "w": 5, "h": 6},
                        "query": {**table, "x": {"column": "tag"}},
                    },
                    {
                        "id": "likes",
                        "title": "Likes by wood",
                        "chart": "stacked_bar",
                        "place": {"x": 5, "y": 0, "w": 7, "h": 6},
                        "query": {
                            "kind": "fields",
                            "table": "wood_clicks",
                            "x": {"column": "wood"},
                            "colour": {"column": "tag"},
                        },
                    },
                ],
            }
        ],
    }


def _checks() -> tuple[Check, ...]:
    value = "properties ->> '$.value'"
    return (
        Check(
            "records",
            "SELECT count(*) FROM touchwood",
            "SELECT count(*) FROM events",
        ),
        Check(
            "records by tag and value",
            "SELECT tag, value, count(*) FROM touchwood GROUP BY ALL",
            f"SELECT event_name, {value}, count(*) FROM events GROUP BY ALL",  # noqa: S608
        ),
        Check(
            "each record with all it says",
            'SELECT token, "timestamp"::TIMESTAMP, tag, value, latitude, longitude, client_id,'
            " client_ip, user_agent FROM touchwood",
            "SELECT client_session_id, timezone('UTC', created_at), event_name,"  # noqa: S608
            f" {value}, CAST(properties ->> '$.latitude' AS DOUBLE),"
            " CAST(properties ->> '$.longitude' AS DOUBLE), app_id, ip, user_agent FROM events",
        ),
    )
