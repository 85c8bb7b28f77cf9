"""Records of the demo app of "Clickstream Collector", as its page sends them."""

from __future__ import annotations

import json
from typing import Any

from tests.decode.builders import decode_one

RECORD = {
    "token": "fkxnjuxdn8j0czwl",
    "timestamp": "2022-02-22T18:37:28.205Z",
    "tag": "LIKE_WOOD",
    "value": 3,
}


def decoded(record: Any) -> Any:
    return decode_one(json.dumps(record).encode(), protocol="kstream")


def test_a_record_is_an_event() -> None:
    """Tag, token and value are name, visitor and property: nothing of the record is lost."""
    (row,) = decoded(RECORD).events.to_pylist()
    assert row["event_name"] == "LIKE_WOOD"
    assert (row["visitor_id"], row["client_session_id"]) == (RECORD["token"], RECORD["token"])
    assert row["created_at"].isoformat() == "2022-02-22T18:37:28.205000+00:00"
    assert json.loads(row["properties"]) == {"value": 3}
    place = {**RECORD, "tag": "GEO_LOC", "latitude": 22.28, "longitude": 114.16}
    del place["value"]
    (row,) = decoded(place).events.to_pylist()
    assert json.loads(row["properties"]) == {"latitude": 22.28, "longitude": 114.16}


def test_the_same_record_again_is_the_same_event() -> None:
    """The app has no ids; what it sends twice, with whatever order of keys, counts once."""
    again = dict(reversed(RECORD.items()))
    ids = {decoded(one).events["event_id"][0].as_py() for one in (RECORD, again)}
    assert len(ids) == 1
    other = decoded({**RECORD, "value": 4}).events["event_id"][0].as_py()
    assert other not in ids


def test_without_token_or_time_a_record_is_known_by_its_place() -> None:
    """Two people who say the same, without saying who or when, are two."""
    bare = {"tag": "LIKE_WOOD", "value": 3}
    first, second = decoded([bare, bare]).events["event_id"].to_pylist()
    assert first != second


def test_a_record_without_a_tag_fails_alone() -> None:
    """It is kept with its reason, and costs the others nothing."""
    found = decoded([RECORD, {"token": "a"}])
    assert found.events.num_rows == 1
    assert found.failures["reason"].to_pylist() == ["missing_field"]
