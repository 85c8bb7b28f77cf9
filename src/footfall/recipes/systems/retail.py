"""Retail clicks: random clicks on products, CSV files each minute, a table, a pie and bars."""

from __future__ import annotations

import random
from typing import Any, Final

import msgspec

from footfall.recipes.systems.recipe import Check, Part, Recipe, Saved
from footfall.recipes.systems.sending import event_id, in_parts, iso, own_request

NAME: Final = "retail"
APP: Final = "retail"
FIELDS: Final = (
    *("customerid", "deviceid", "productid"),
    *("productcategory", "productsubcategory", "activitytype"),
)
CATALOGUE: Final = {
    "Electronics": ("Phones", "Laptops"),
    "Clothing": ("Shirts", "Shoes"),
    "Home": ("Kitchen", "Garden"),
    "Books": ("Fiction", "Travel"),
    "Toys": ("Games", "Puzzles"),
}
"""Ten subcategories: as many as a chart has colours."""
ACTIVITIES: Final = ("view", "search", "add_to_cart", "remove_from_cart", "purchase")


class RetailSettings(msgspec.Struct, frozen=True):
    """The parameters."""

    events: int = 2_000
    buffer_age: str = "60s"
    buffer_bytes: str = "5MiB"
    prefix: str = "YYYY/MM/DD/HH/"
    seed: int = 1


def retail(settings: RetailSettings, files: str) -> Recipe:
    """The recipe, with its files below a directory or `s3://bucket/prefix`."""
    return Recipe(
        name=NAME,
        app=APP,
        settings={
            "deliver": {
                "destinations": {
                    "clickstream": {
                        "source": "events",
                        "format": "csv",
                        "place": f"{files}/clickstream",
                        "prefix": settings.prefix,
                        "buffer_age": settings.buffer_age,
                        "buffer_bytes": settings.buffer_bytes,
                        "columns": {name: f"properties.{name}" for name in FIELDS},
                    }
                }
            }
        },
        destinations=("clickstream",),
        statements=(_table(f"{files}/clickstream"),),
        saved=(
            Saved(
                "preview",
                'SELECT * FROM "clickstreamdb"."clickstream_data" LIMIT 10',
                "First rows of the table over the delivered files.",
            ),
            Saved(
                "clicks_by_category",
                "SELECT productcategory, count(*) AS clicks FROM clickstream_data"
                " GROUP BY productcategory ORDER BY clicks DESC",
                "Clicks on each category.",
            ),
        ),
        dashboard=_dashboard(),
        checks=_checks(),
    )


def retail_traffic(
    settings: RetailSettings, now_us: int, last_us: int, write_id: str
) -> tuple[Part, Part]:
    """Clicks spread over the time from `last_us` to `now_us`; what is sent first, and what late."""
    rng = random.Random(settings.seed)
    clicks = [
        _click(rng, now_us - rng.randrange(1, now_us - last_us)) for _ in range(settings.events)
    ]
    clicks.sort(key=lambda one: one[0])
    return in_parts(clicks, lambda one: own_request(write_id, *one), rng)


def _click(rng: random.Random, at_us: int) -> tuple[int, dict[str, Any]]:
    category = rng.choice(list(CATALOGUE))
    customer = f"C{rng.randrange(1, 400):04}"
    device = f"D{customer[1:]}{rng.choice('abc')}"
    activity = rng.choice(ACTIVITIES)
    values = (
        *(customer, device, f"P{rng.randrange(1, 900):05}"),
        *(category, rng.choice(CATALOGUE[category]), activity),
    )
    return at_us, {
        "event_id": event_id(rng),
        "name": activity,
        "timestamp": iso(at_us),
        "visitor_id": device,
        "user_id": customer,
        "properties": dict(zip(FIELDS, values, strict=True)),
    }


def _table(place: str) -> str:
    columns = ",\n  ".join(f"{name} string" for name in FIELDS)
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS clickstreamdb.clickstream_data (\n  {columns}\n)\n"
        "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','\n"
        f"LOCATION '{place}'\n"
        "TBLPROPERTIES ('skip.header.line.count' = '1')"
    )


def _dashboard() -> dict[str, Any]:
    category, part = {"column": "productcategory"}, {"column": "productsubcategory"}
    table = {"kind": "fields", "table": "clickstream_data"}
    return {
        "title": "Retail clicks",
        "range": {"last": 1, "unit": "day"},
        "sheets": [
            {
                "title": "Products",
                "tiles": [
                    {
                        "id": "categories",
                        "title": "Clicks by product category",
                        "chart": "pie",
                        "place": {"x": 0, "y": 0, "w": 5, "h": 7},
                        "query": {**table, "x": category},
                    },
                    {
                        "id": "subcategories",
                        "title": "Product categories and subcategories",
                        "chart": "stacked_bar",
                        "place": {"x": 5, "y": 0, "w": 7, "h": 7},
                        "query": {**table, "x": category, "colour": part},
                    },
                ],
            }
        ],
    }


def _checks() -> tuple[Check, ...]:
    def lake(name: str) -> str:
        return f"properties ->> '$.{name}'"

    everything = ", ".join(f"{lake(name)} AS {name}" for name in FIELDS)
    one, two = lake("productcategory"), lake("productsubcategory")
    return (
        Check(
            "clicks",
            "SELECT count(*) FROM clickstream_data",
            f"SELECT count(*) FROM events WHERE app_id = '{APP}'",  # noqa: S608 (our own names)
        ),
        Check(
            "clicks by category",
            "SELECT productcategory, count(*) FROM clickstream_data GROUP BY ALL",
            f"SELECT {one}, count(*) FROM events GROUP BY ALL",  # noqa: S608
        ),
        Check(
            "clicks by category and subcategory",
            "SELECT productcategory, productsubcategory, count(*) FROM clickstream_data"
            " GROUP BY ALL",
            f"SELECT {one}, {two}, count(*) FROM events GROUP BY ALL",  # noqa: S608
        ),
        Check(
            "rows, each with all its fields",
            f"SELECT {', '.join(FIELDS)} FROM clickstream_data",  # noqa: S608
            f"SELECT {everything} FROM events",  # noqa: S608
        ),
    )
