"""Every field of the events API can be said, and a mistake is told where it is made."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from footfall.client import Client
from footfall.client._event import FIELDS, GROUPS
from footfall.errors import Invalid
from tests.client.conftest import Collector

DOCS = Path(__file__).resolve().parents[2] / "docs"
SENT = {
    "properties": {"plan": "pro"},
    "user_properties": {"tier": 2},
    "items": [{"id": "boots"}],
    "value": 1.5,
    "timestamp": datetime(2026, 1, 2, tzinfo=UTC),
    "entrance": True,
}


def documented() -> dict[str, str]:
    """Fields and kinds of the table in docs/formats/events-api.md, without other names."""
    text = (DOCS / "formats" / "events-api.md").read_text("utf-8")
    table = text.partition("## Fields of an event")[2].partition("## Kinds")[0]
    found = {}
    for names, kind in re.findall(r"^\| ([^|]+) \| ([^|]+) \|", table, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names.partition("(also")[0]):
            found[name] = kind
    return found


def test_the_documented_fields_are_the_known_ones() -> None:
    """A field the format gets must reach the client too."""
    fields = documented()
    assert set(fields) - {"name", "sent_at"} == FIELDS
    groups = {name for name, kind in fields.items() if kind == "object"}
    assert groups == GROUPS


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_each_field_is_sent_under_its_name(collector: Collector, field: str) -> None:
    """Also those that `track` does not name."""
    value: Any = SENT.get(field, {"name": "x"} if field in GROUPS else "7")
    with Client(collector.url, key="fsk_x") as client:
        client.track("signup", **{field: value})
    ((event,),) = collector.batches
    expected = "2026-01-02T00:00:00.000Z" if field == "timestamp" else value
    assert event[field] == expected
    assert set(event) == {"name", "event_id", "timestamp", field}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"visitor": "v"}, "no field of an event: visitor; did you mean visitor_id"),
        ({"zzz": 1}, r"there are: app, app_id.*properties={...}"),
        ({"page": "https://a.example/"}, "page is a dict"),
        ({"campaign": ["x"]}, "campaign is a dict"),
        ({"timestamp": "2026-01-01"}, "timestamp is an aware datetime"),
        ({"ip": "192.0.2.1"}, "key= in place of write_id="),
        ({"user_agent": "x"}, "key= in place of write_id="),
    ],
)
def test_a_wrong_field_is_told(collector: Collector, fields: dict[str, Any], said: str) -> None:
    """With the names there are; nothing is queued."""
    with Client(collector.url, write_id="web") as client:
        with pytest.raises(Invalid, match=said):
            client.track("signup", **fields)
        assert client.statistics().waiting == 0
