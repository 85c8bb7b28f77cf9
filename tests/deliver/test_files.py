"""Files of every source and format have what the lake and the log have, under the right names."""

from __future__ import annotations

import errno
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from footfall import enrich
from footfall.clock import MINUTE, SECOND
from footfall.deliver import outlet
from footfall.deliver.chosen import check_source, parsed
from footfall.deliver.operating.report import delivery_reports
from footfall.deliver.outlet import Directory
from footfall.enrich import Step, own_field, plan
from footfall.errors import Invalid, Unavailable
from footfall.metadata import Metadata
from footfall.metadata.added.deliveries import ask_for_files, put_delivery, remove_delivery
from footfall.positions import Positions
from footfall.request import Request
from footfall.settings import DestinationSettings, load_settings
from tests.deliver.bench import Delivering, destinations, records
from tests.pipeline.harness import event, request

RETAIL = {"customerid": "properties.customer", "score": "properties.score", "at": "event_time"}
COMPUTED = {
    "customer": "properties.customer",
    "loud": "=upper(customer) || '!'",
    "second": "=cast(extract(epoch from event_time) as bigint) // 60 * 60",
}
UGLY = 'a "quoted", name\nof two lines é'


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivering]:
    """Six epochs, twenty seconds apart, of two apps."""
    age = {"buffer_age": "60s"}
    made = Delivering(
        tmp_path_factory.mktemp("files"),
        destinations(
            retail={"source": "events", "format": "csv", "columns": RETAIL, **age},
            lines={"source": "events", "compression": "gzip", "app": "shop", **age},
            wood={"source": "events", "format": "json", "compression": "zstd", **age},
            rows={"source": "events", "format": "parquet", "leave_out": ["ip"], **age},
            raw={"source": "requests", "prefix": "rawdata/YYYY/MM/DD/HH/", **age},
            bad={"source": "failed_events", "prefix": "year=YYYY/COMMON-DD/", **age},
            made={"source": "events", "columns": COMPUTED, **age},
            wrong={"source": "events", "columns": {"a": "no_such_column"}, **age},
        ),
    )
    pipeline = made.pipeline()
    for epoch in range(6):
        made.epoch(pipeline, list(_requests(made, epoch)))
    made.clock.advance(2 * MINUTE)
    made.look(pipeline)
    yield made
    made.stop_consumers()


def _requests(bench: Delivering, epoch: int) -> Iterator[Request]:
    now = bench.clock.now_us()
    for number in range(10 * epoch, 10 * epoch + 4):
        customer = UGLY if number % 2 else f"c{number}"
        sent = event(f"v{number}", now, number, properties={"customer": customer, "score": number})
        yield request(number, [sent], now, app_id="shop" if number % 4 else "blog")
    yield request(10 * epoch + 5, [], now, body=b"\xff\xfenot text")


def _all(bench: Delivering, name: str) -> list[dict[str, Any]]:
    return [record for file in bench.files(name) for record in records(file)]


def test_each_event_is_in_one_file_of_each_destination(bench: Delivering) -> None:
    """The tables of the lake are the oracle: all ids, each once, whatever the format."""
    expected = sorted(
        (row["event_id"].hex(), row["app_id"]) for row in bench.tables()["events"].to_pylist()
    )
    assert len(expected) == 24
    for name in ("wood", "rows"):
        found = [(one["event_id"].replace("-", ""), one["app_id"]) for one in _all(bench, name)]
        assert sorted(found) == expected
    shop = sorted(one["event_id"].replace("-", "") for one in _all(bench, "lines"))
    assert shop == [event_id for event_id, app in expected if app == "shop"]


def test_columns_are_those_that_were_asked_for(bench: Delivering) -> None:
    """A recipe writes the fields of its seed out of properties; text comes back as it was."""
    found = _all(bench, "retail")
    assert [*found[0]] == ["customerid", "score", "at"]
    lake = [json.loads(row["properties"]) for row in bench.tables()["events"].to_pylist()]
    expected = sorted((one["customer"], str(one["score"])) for one in lake)
    assert sorted((one["customerid"], one["score"]) for one in found) == expected
    assert {one["at"][-1] for one in found} == {"Z"}
    assert "ip" not in _all(bench, "rows")[0]
    assert _all(bench, "wood")[0]["properties"]["score"] in range(60)


def test_a_column_is_computed_from_others_of_its_row(bench: Delivering) -> None:
    """Who reads the files need not: of columns of the file, and of those that it has not."""
    rows = bench.tables()["events"].to_pylist()
    customers = [json.loads(row["properties"])["customer"] for row in rows]
    expected = sorted(
        (one, f"{one.upper()}!", int(row["event_time"].timestamp()) // 60 * 60)
        for one, row in zip(customers, rows, strict=True)
    )
    assert sorted(tuple(one.values()) for one in _all(bench, "made")) == expected


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("=upper(nobody)", "there is no column 'nobody'"),
        ("=count(event_name)", "it sums rows up"),
        ("=upper(", "cannot be used"),
        ("=upper(event_time)", "cannot be used"),
    ],
)
def test_what_cannot_be_computed_is_told_before_any_row(expression: str, said: str) -> None:
    """A destination that could never write is refused when it is added."""
    one = parsed("x", {"source": "events", "columns": {"a": expression}})
    with pytest.raises(Invalid, match=re.escape(said)):
        check_source(one, load_settings())


def test_files_lie_below_the_hour_they_were_closed_in(bench: Delivering) -> None:
    """Three epochs of twenty seconds make a minute; the name says destination, time and epochs."""
    names = [str(file.relative_to(bench.home.root / "delivered")) for file in bench.files("retail")]
    assert names == [
        "retail/2026/09/21/14/retail-20260921T141420Z-000000001-000000003-000.csv",
        "retail/2026/09/21/14/retail-20260921T141520Z-000000004-000000006-000.csv",
    ]
    (file, _) = bench.files("bad")
    assert re.search(r"bad/year=2026/COMMON-21/bad-", str(file))
    assert "/raw/rawdata/2026/09/21/14/raw-" in str(bench.files("raw")[0])


def test_requests_are_as_they_were_received(bench: Delivering) -> None:
    """Text as text, other bytes in base64; each request of the log, once."""
    found = _all(bench, "raw")
    assert sorted(one["log_offset"] for one in found) == list(range(30))
    assert {one["path"] for one in found} == {"/v1/events"}
    text = [one for one in found if not one["body_is_base64"]]
    assert {len(json.loads(one["body"])["events"]) for one in text} == {1}
    assert {one["body"] for one in found if one["body_is_base64"]} == {"//5ub3QgdGV4dA=="}
    assert len(_all(bench, "bad")) == 6


def test_a_destination_that_is_wrong_says_so_and_holds_up_nobody(bench: Delivering) -> None:
    """Its column does not exist: it is held, and what it would have got waits."""
    found = {one.name: one for one in delivery_reports(bench.home, "default", 0)}
    assert "no column 'no_such_column'" in found["wrong"].held
    assert (found["wrong"].is_well, found["wrong"].failures, bench.files("wrong")) == (False, 0, [])
    assert "held: events has no column" in str(found["wrong"])
    assert "what waits is kept until" in str(found["wrong"])
    assert found["wrong"].backlog_epochs == 6
    assert found["lines"].is_well
    assert (found["lines"].records, found["lines"].backlog_epochs) == (18, 0)
    assert found["lines"].last_path == str(bench.files("lines")[-1])


def test_a_full_disk_is_told_and_keeps_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part would be in the way of what makes room; the file comes whole once there is some."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    place, path = Directory(str(tmp_path)), tmp_path / "2026" / "a.csv"
    path.parent.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(outlet.os, "fsync", full)
        with pytest.raises(Unavailable, match=r"nothing is lost.*a\.csv.*no space left on device"):
            place.put(str(path), io.BytesIO(b"a\n"))
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
    place.put(str(path), io.BytesIO(b"a\n"))
    assert path.read_bytes() == b"a\n"


def test_one_that_is_added_begins_and_can_be_asked_for_files(tmp_path: Path) -> None:
    """Without a restart; flushed files come at once, and no record twice. Then it is taken out."""
    bench = Delivering(tmp_path, "{}")
    pipeline, metadata = bench.pipeline(), Metadata.open(bench.home)
    bench.epoch(pipeline, list(_requests(bench, 0)))
    put_delivery(metadata, "default", "late", '{"source": "events"}')
    bench.epoch(pipeline, list(_requests(bench, 1)), seconds=1)
    assert bench.files("late") == []
    ask_for_files(metadata, "default", "late", Positions((11,)))
    bench.look(pipeline)
    assert bench.files("late") == []  # not all that is asked for has come
    ask_for_files(metadata, "default", "late", Positions((10,)))
    bench.look(pipeline)
    (first,) = bench.files("late")
    bench.epoch(pipeline, list(_requests(bench, 2)), seconds=1)
    assert bench.files("late") == [first]
    bench.clock.advance(900 * SECOND)
    bench.look(pipeline)
    found = sorted(one["properties"]["score"] for one in _all(bench, "late"))
    assert found == [10, 11, 12, 13, 20, 21, 22, 23]
    assert remove_delivery(metadata, "default", "late")
    bench.look(pipeline)
    assert delivery_reports(bench.home, "default", 0) == []
    bench.stop_consumers()


def test_a_destination_whose_column_is_gone_is_held_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its package was removed: it alone waits, though the lake has the column; nothing is lost."""
    field = own_field("loud", pa.string(), "The name, loud.")

    def run(events: pa.Table, settings: object) -> dict[str, Any]:
        return {"loud": pc.utf8_upper(events.column("event_name"))}

    loud = Step(name="loud", version=1, reads=("event_name",), writes=(field,), run=run)
    known = plan.find_step
    monkeypatch.setattr(plan, "find_step", lambda name: loud if name == "loud" else known(name))
    age = {"buffer_age": "60s"}
    named = destinations(
        mine={"source": "events", "columns": {"id": "event_id", "loud": "loud"}, **age},
        other={"source": "events", "columns": {"id": "event_id"}, **age},
    )
    bench = Delivering(tmp_path, named, 'enrich.steps=["loud"]')
    with_step = bench.settings
    without_step = load_settings(overrides=[*bench._overrides, "enrich.steps=[]"])
    counts = []
    for epoch, settings in enumerate((with_step, without_step, with_step)):
        bench.settings = settings
        pipeline = bench.pipeline()
        for number in range(2):
            now = bench.clock.now_us()
            sent = event(f"v{epoch}", now, 2 * epoch + number)
            bench.epoch(pipeline, [request(2 * epoch + number, [sent], now)])
        bench.clock.advance(2 * MINUTE)
        bench.look(pipeline)
        reports = {one.name: one for one in delivery_reports(bench.home, "default", 0)}
        assert "no column 'loud'" in reports["mine"].held or settings is with_step
        assert reports["other"].is_well
        counts.append([len(_all(bench, name)) for name in ("mine", "other")])
    assert counts == [[2, 2], [2, 4], [6, 6]]
    assert [row.get("loud") for row in _all(bench, "mine")] == [
        *("PAGE_VIEW", "PAGE_VIEW", None, None, "PAGE_VIEW", "PAGE_VIEW")
    ]
    assert [row["id"] for row in _all(bench, "mine")] == [row["id"] for row in _all(bench, "other")]
    assert reports["mine"].is_well
    bench.stop_consumers()


def test_a_column_of_a_steps_own_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of other packages add columns to events; a server with them starts."""
    destination = DestinationSettings("events", columns={"a": "score"})
    settings = load_settings(overrides=['enrich.steps=["user_agent"]'])
    with pytest.raises(Invalid, match="no column 'score'"):
        check_source(destination, settings)
    monkeypatch.setattr(enrich, "own_columns", lambda _: [pa.field("score", pa.int64())])
    check_source(destination, settings)
