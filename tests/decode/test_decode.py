"""What holds whatever a decoder does: sums, order, one request at a time."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode import DECODED_SCHEMA, Outcome, decode, decoders
from footfall.decode.blocks.rows import BLANK
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA, UUID16, conform
from footfall.ledger import Ledger
from footfall.protocols import Protocol, Query, Route
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings
from tests.decode.builders import AWS_EVENT, SETTINGS, captured, decode_one, logged


def explode(request: LoggedRequest, settings: DecodeSettings) -> Outcome:
    raise ZeroDivisionError("a bug")


def wrong_column(request: LoggedRequest, settings: DecodeSettings) -> Outcome:
    return Outcome([[object(), *BLANK[1:]]], [])


def out_of_memory(request: LoggedRequest, settings: DecodeSettings) -> Outcome:
    raise MemoryError


@pytest.fixture
def plug_ins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Installs three broken decoders, as packages would."""

    class Point:
        def __init__(self, name: str, decoder: Any) -> None:
            self.name = self.value = name
            route = Route(paths=(f"/{name}",), keys=(Query("key"),))
            self.load = lambda: Protocol(name=name, routes=(route,), decoder=decoder)

    points = [
        Point("explode", explode),
        Point("wrong_column", wrong_column),
        Point("out_of_memory", out_of_memory),
        Point("aws", explode),
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)
    decoders.cache_clear()
    yield
    monkeypatch.undo()
    decoders.cache_clear()


MIXED = [
    logged([AWS_EVENT, 5], offset=0, request_id=b"a" * 16),
    logged(b"junk", offset=1, request_id=b"b" * 16),
    logged([], offset=2, request_id=b"c" * 16),
    logged({"name": "x"}, offset=3, request_id=b"d" * 16, protocol="footfall"),
    logged(b"", offset=4, request_id=b"e" * 16, protocol="pixel", query="app_id=x"),
    logged([AWS_EVENT], offset=5, request_id=b"f" * 16, app_id=None),
    logged([AWS_EVENT] * 3, offset=6, request_id=b"g" * 16),
]


def test_both_ledgers_add_up() -> None:
    """Every request and every record is somewhere, and only once."""
    decoded = decode(MIXED, SETTINGS)
    assert decoded.ledger == Ledger(
        requests=7, decoded=5, undecodable=2, records=7, events=5, failed=2
    )
    assert (decoded.ledger.problems(), decoded.failures.num_rows) == ([], 4)


def test_events_come_in_log_order() -> None:
    """Order decides which duplicate is the first."""
    decoded = decode(MIXED, SETTINGS)
    places = decoded.events.select(["log_offset", "request_index"]).to_pylist()
    assert [tuple(place.values()) for place in places] == [(0, 0), (3, 0), (6, 0), (6, 1), (6, 2)]
    assert decoded.failures.column("log_offset").to_pylist() == [0, 1, 4, 5]


@settings(deadline=None)
@given(st.lists(st.integers(0, len(MIXED)), max_size=3))
def test_cutting_the_log_anywhere_changes_nothing(cuts: list[int]) -> None:
    """Micro-batches are cut by time: if it showed, previews and epochs would disagree."""
    edges = [0, *sorted(cuts), len(MIXED)]
    parts = [decode(MIXED[a:b], SETTINGS) for a, b in itertools.pairwise(edges)]
    whole = decode(MIXED, SETTINGS)
    assert pa.concat_tables([part.events for part in parts]).equals(whole.events)
    assert pa.concat_tables([part.failures for part in parts]).equals(whole.failures)
    assert sum((part.ledger for part in parts), Ledger()) == whole.ledger


def test_large_calls_equal_small_ones() -> None:
    """Rows become columns in chunks; more than one chunk must not show."""
    requests = [logged([AWS_EVENT] * 70, offset=offset) for offset in range(20)]
    whole = decode(requests, SETTINGS)
    parts = [decode([request], SETTINGS).events for request in requests]
    assert whole.events.equals(pa.concat_tables(parts))


@pytest.mark.parametrize("requests", [[], captured("batch")[:1], MIXED])
def test_tables_have_their_schemas(requests: list[LoggedRequest]) -> None:
    """Also when there is nothing in them: the next stage must not look first."""
    decoded = decode(requests, SETTINGS)
    assert decoded.events.schema.equals(DECODED_SCHEMA)
    assert decoded.failures.schema.equals(FAILED_SCHEMA)
    decoded.events.validate(full=True)
    decoded.failures.validate(full=True)
    assert set(decoded.events.column_names) < set(EVENT_SCHEMA.names)


def test_failed_ids_are_deterministic_and_distinct() -> None:
    """A redone epoch must write the same rows, and two failures must not share an id."""
    ids = decode(MIXED, SETTINGS).failures.column("failed_id")
    assert ids == decode(MIXED, SETTINGS).failures.column("failed_id")
    assert len(set(ids.to_pylist())) == 4
    assert ids.type == UUID16


def test_an_unknown_write_id_is_quarantined() -> None:
    """Its events are not decoded, but nothing is thrown away: the key may be created later."""
    body = json.dumps([AWS_EVENT]).encode()
    (row,) = decode_one(body, app_id=None, credential="fw_typo").failures.to_pylist()
    assert (row["reason"], row["part"], row["app_id"], row["credential"], row["payload"]) == (
        "unknown_write_id",
        "request",
        None,
        "fw_typo",
        body,
    )


@pytest.mark.parametrize("changes", [{"protocol": "telegraph"}, {"version": 2}])
def test_what_no_decoder_knows_is_kept(changes: dict[str, object]) -> None:
    """A newer collector beside an older pipeline, or a plug-in taken away, loses nothing."""
    (row,) = decode_one([AWS_EVENT], **changes).failures.to_pylist()
    assert (row["reason"], row["part"]) == ("unsupported", "request")


@pytest.mark.usefixtures("plug_ins")
@pytest.mark.parametrize("protocol", ["explode", "wrong_column"])
def test_a_bug_in_a_decoder_costs_its_request_only(protocol: str) -> None:
    """The pipeline goes on, and the payload is there to find the bug with."""
    requests = [logged([AWS_EVENT]), logged(b"x", protocol=protocol, offset=1), logged([AWS_EVENT])]
    decoded = decode(requests, SETTINGS)
    assert decoded.ledger == Ledger(
        requests=3, decoded=2, undecodable=1, records=2, events=2, failed=0
    )
    (row,) = decoded.failures.to_pylist()
    assert (row["reason"], row["payload"], row["log_offset"]) == ("internal", b"x", 1)


@pytest.mark.usefixtures("plug_ins")
def test_lack_of_memory_is_not_blamed_on_a_request() -> None:
    """A failed event is for ever; a busy machine is not."""
    with pytest.raises(MemoryError):
        decode([logged(b"x", protocol="out_of_memory")], SETTINGS)


@pytest.mark.usefixtures("plug_ins")
def test_plug_ins_do_not_replace_ours() -> None:
    """A package that calls itself `aws` must not change what `aws` means."""
    assert decode([logged([AWS_EVENT])], SETTINGS).events.num_rows == 1


def test_events_conform_to_the_canonical_schema() -> None:
    """What decoding does not fill is nullable or filled later."""
    events = decode(captured("immediate"), SETTINGS).events
    columns = {"event_time": "received_at", "event_time_rule": "event_name"}
    for name, source in columns.items():
        events = events.append_column(name, events.column(source))
    conform(events, EVENT_SCHEMA).validate(full=True)
