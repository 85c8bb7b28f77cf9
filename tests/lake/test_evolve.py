"""Tables follow their definition: what was written before stays readable, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import (
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    UUIDType,
)

from footfall.columns import Column, Retired, added, optional, required
from footfall.errors import Invalid, LeaseLost
from footfall.event import EVENT_SCHEMA
from footfall.lake import TABLES, Lake, TableSpec
from footfall.lake.commit.data_files import in_order
from footfall.lake.maintenance.maintenance import Maintenance
from footfall.lake.read.ranges import FileRows
from footfall.lake.store.local import LocalStore
from footfall.lake.store.scan import scan
from footfall.lake.tables.evolve import evolved
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table
from footfall.testing.sim_clock import SimClock

LOCAL = LocalStore(Path("/"))

CITY = optional(200, "geo_city", "string", "City of the visitor.", since="9.9.9")
TAGS = optional(201, "tags", "list<string>", "Tags.", element_id=202, since="9.9.9")


def with_columns(monkeypatch: pytest.MonkeyPatch, *columns: Column, table: str = "events") -> None:
    """As if this version's definition had these columns, in the place of those of their name."""
    names = {column.name for column in columns}
    spec = TABLES[table]
    kept = tuple(column for column in spec.columns if column.name not in names)
    changed = msgspec.structs.replace(spec, columns=(*kept, *columns))
    monkeypatch.setitem(TABLES, table, changed)


def rows_with(schema: pa.Schema, epoch: int, count: int = 2, **values: Any) -> pa.Table:
    """Events of one day with columns that `EVENT_SCHEMA` lacks, each with one value."""
    rows = event_table(
        {"epoch": epoch, "visitor_id": f"v{number}", "log_offset": epoch * 10 + number}
        for number in range(count)
    )
    for name, value in values.items():
        kind = schema.field(name).type
        found = pa.array([value] * count, kind)
        place = rows.schema.get_field_index(name)
        field = pa.field(name, kind)
        rows = (
            rows.append_column(field, found) if place < 0 else rows.set_column(place, field, found)
        )
    return rows


def by_pyiceberg(root: Path, *columns: str) -> list[dict[str, Any]]:
    """As any engine reads the table through its catalog; in log order."""
    plain = SqlCatalog("footfall", uri=f"sqlite:///{root / 'catalog.db'}")
    table = plain.load_table(("default", "events"))
    rows = table.scan(selected_fields=("log_offset", *columns)).to_arrow().sort_by("log_offset")
    found: list[dict[str, Any]] = rows.select(list(columns)).to_pylist()
    return found


def test_tables_are_made_with_the_ids_that_are_written_down(tmp_path: Path) -> None:
    """PyIceberg counts ids anew when it makes a table, and would give ours to other columns.

    Those of a table with gaps (retired columns) or with lists must be ours all the same.
    """
    spec = TableSpec(
        name="gaps",
        row_is="a row of a table whose ids have gaps",
        columns=(
            required(7, "at", "timestamptz", "When."),
            optional(3, "tags", "list<string>", "Tags.", element_id=30),
            required(12, "epoch", "long", "Epoch."),
        ),
        sort=("at",),
        bounded=frozenset({"epoch"}),
        day="at",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TABLES, "gaps", spec)
        lake = Lake(tmp_path / "lake", "default")
        table = lake.table("gaps")
        assert lake.evolve() == []
    (field,) = table.spec().fields
    assert field.source_id == 7
    for name, one in TABLES.items():
        found = lake.table(name)
        fields = {field.field_id: (field.name, field.doc) for field in found.schema().fields}
        assert fields == {column.id: (column.name, column.doc) for column in one.columns}
        assert found.properties["comment"] == one.row_is
    assert {field.field_id: field.name for field in table.schema().fields} == {
        7: "at",
        3: "tags",
        12: "epoch",
    }
    assert table.schema().find_field("tags.element").field_id == 30
    assert table.metadata.last_column_id == 9_999


def test_old_and_new_rows_are_read_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new column is there from the first commit on and null before, for every engine."""
    root = tmp_path / "lake"
    assert Lake(root, "default").commit("events", rows_with(EVENT_SCHEMA, 1), 1)
    with_columns(monkeypatch, CITY, TAGS)
    schema = TABLES["events"].schema
    lake = Lake(root, "default")
    assert lake.evolve() == ["events"]
    assert lake.evolve() == []
    new = rows_with(schema, 2, geo_city="Oslo", tags=["a", "b"])
    assert lake.commit("events", new, 2)
    expected = [(None, None)] * 2 + [("Oslo", ["a", "b"])] * 2
    ours = lake.read("events").sort_by("log_offset").to_pylist()
    assert [(row["geo_city"], row["tags"]) for row in ours] == expected
    plain = by_pyiceberg(root, "geo_city", "tags")
    assert [(row["geo_city"], row["tags"]) for row in plain] == expected
    files = list(lake.plan("events").files)
    query = "SELECT geo_city, tags FROM read_parquet($1, union_by_name=true) ORDER BY log_offset"
    assert duckdb.execute(query, [files]).fetchall() == expected
    frame = scan(files, schema).sort("log_offset").select("geo_city", "tags").collect()
    assert frame.rows() == expected


def test_rows_with_a_column_that_the_table_lacks_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, `commit` said yes and the values were gone."""
    lake = Lake(tmp_path / "lake", "default")
    with_columns(monkeypatch, CITY)
    rows = rows_with(TABLES["events"].schema, 1, geo_city="Oslo")
    with pytest.raises(Invalid, match=r"would be lost .*columns=geo_city of=events"):
        lake.commit("events", rows, 1)
    assert lake.epoch("events") == 0
    lake.evolve()
    assert lake.commit("events", rows, 1)
    assert lake.read("events", ("geo_city",)).to_pydict() == {"geo_city": ["Oslo", "Oslo"]}


def test_compaction_keeps_values_of_old_and_new_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a program that does not know the column does the work: it goes by the table."""
    root, clock = tmp_path / "lake", SimClock(NOON_US)
    assert Lake(root, "default").commit("events", rows_with(EVENT_SCHEMA, 1), 1)
    with monkeypatch.context() as patch:
        with_columns(patch, CITY)
        lake = Lake(root, "default")
        lake.evolve()
        rows = rows_with(TABLES["events"].schema, 2, geo_city="Oslo")
        assert lake.commit("events", rows, 2)
    lake = Lake(root, "default")
    settings = load_settings().lake
    work = Maintenance(lake, tmp_path / "notes", tmp_path / "tail", settings, clock)
    assert work.compact(full=True).rows == 4
    assert len(lake.plan("events").files) == 1
    expected = [{"geo_city": one} for one in (None, None, "Oslo", "Oslo")]
    assert by_pyiceberg(root, "geo_city") == expected


def test_rewriting_by_too_small_a_schema_is_refused(tmp_path: Path) -> None:
    """Whoever rewrites files must have asked the table, not this version's definition."""
    lake = Lake(tmp_path / "lake", "default")
    city = added("geo_city", "string", "City.")
    lake.evolve({"events": [city]})
    wide = lake.schema("events")
    assert lake.commit("events", rows_with(wide, 1, geo_city="Oslo"), 1)
    files = lake.plan("events").files
    with pytest.raises(Invalid, match="columns=geo_city"):
        FileRows("events", files, EVENT_SCHEMA, LOCAL)
    rows = FileRows("events", files, wide, LOCAL).read(None, None)
    assert in_order("events", rows).column("geo_city").to_pylist() == ["Oslo"] * 2


WIDENINGS = [
    ("int", "long", 1, 1 << 40),
    ("float", "double", 0.5, 0.1),
    ("decimal(9, 2)", "decimal(20, 2)", 1, 10**15),
]


@pytest.mark.parametrize(("old", "new", "small", "large"), WIDENINGS)
def test_types_are_widened(
    old: str, new: str, small: Any, large: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old files keep the narrow type and are read beside new ones, by all ways there are."""
    root = tmp_path / "lake"
    with monkeypatch.context() as patch:
        with_columns(patch, optional(200, "amount", old, "Amount.", since="9.9.9"))
        lake = Lake(root, "default")
        lake.evolve()
        rows = rows_with(TABLES["events"].schema, 1, amount=small)
        assert lake.commit("events", rows, 1)
    with_columns(monkeypatch, optional(200, "amount", new, "Amount.", since="9.9.9"))
    lake = Lake(root, "default")
    assert lake.evolve() == ["events"]
    schema = TABLES["events"].schema
    assert lake.commit("events", rows_with(schema, 2, amount=large), 2)
    expected = [small, small, large, large]
    assert [row["amount"] for row in by_pyiceberg(root, "amount")] == expected
    files = lake.plan("events").files
    found = scan(files, schema).sort("log_offset").collect()["amount"].to_list()
    assert found == expected
    ranged = FileRows("events", files, lake.schema("events"), LOCAL).read(None, None)
    assert ranged.sort_by("log_offset").column("amount").to_pylist() == expected
    work = Maintenance(
        lake, tmp_path / "notes", tmp_path / "tail", load_settings().lake, SimClock(NOON_US)
    )
    assert work.compact(full=True).rows == 4
    assert [row["amount"] for row in by_pyiceberg(root, "amount")] == expected


BASE = TableSpec(
    name="t",
    row_is="a row",
    columns=(
        required(1, "id", "uuid", "Id."),
        optional(2, "n", "int", "Number."),
        required(3, "epoch", "long", "Epoch."),
    ),
    sort=("id",),
    bounded=frozenset({"epoch"}),
)
ON_DISK = Schema(
    NestedField(1, "id", UUIDType(), required=True, doc="Id."),
    NestedField(2, "n", IntegerType(), required=False, doc="Number."),
    NestedField(3, "epoch", LongType(), required=True, doc="Epoch."),
)


def defined(*columns: Column, retired: tuple[Retired, ...] = ()) -> TableSpec:
    """The table with some columns defined otherwise, or none of their place."""
    places = {column.id for column in columns} | {one for gone in retired for one in gone.ids}
    kept = tuple(column for column in BASE.columns if column.id not in places)
    return msgspec.structs.replace(
        BASE, columns=(*kept, *columns), retired=retired, sort=("epoch",)
    )


def on_disk(*fields: NestedField) -> Schema:
    """The table on disk with more fields, or others in their place."""
    places = {field.field_id for field in fields}
    return Schema(*(one for one in ON_DISK.fields if one.field_id not in places), *fields)


@pytest.mark.parametrize(
    ("spec", "disk", "more", "told"),
    [
        (defined(optional(2, "m", "int", "M.")), ON_DISK, (), "was renamed.*name=n expected=m"),
        (defined(optional(2, "n", "string", "N.")), ON_DISK, (), "another name.*type=int"),
        (
            BASE,
            on_disk(NestedField(2, "n", LongType(), required=False)),
            (),
            "run the version, or the plug-in.*type=long expected=int",
        ),
        (defined(required(2, "n", "int", "N.")), ON_DISK, (), "cannot become required.*name=n"),
        (
            BASE,
            on_disk(NestedField(4, "later", StringType(), required=False)),
            (),
            "this version does not know; run the version that wrote it.*name=later",
        ),
        (
            defined(optional(4, "city", "string", "C.", since="9.9.9")),
            on_disk(NestedField(10_000, "City", StringType(), required=False)),
            (),
            "rename that one.*name=city id=10000",
        ),
        (BASE, ON_DISK, (added("n", "int", "N."),), "of its own; give it another name.*name=n"),
        (
            BASE,
            on_disk(NestedField(10_000, "city", StringType(), required=False)),
            (added("city", "int", "C."),),
            "keeps its type.*name=city type=string expected=int",
        ),
    ],
)
def test_what_no_data_survives_is_refused(
    spec: TableSpec, disk: Schema, more: tuple[Column, ...], told: str
) -> None:
    """Each with what to do about it; silence would read one column's values as another's."""
    with pytest.raises(Invalid, match=told):
        evolved(disk, 9_999, spec, more)


def test_what_is_relaxed_retired_or_said_otherwise() -> None:
    """A retired column stays, with its values, and takes nulls from then on; comments follow."""
    spec = defined(required(3, "epoch", "long", "Its epoch."), retired=(Retired("id", (1,)),))
    found = evolved(ON_DISK, 9_999, spec)
    assert found is not None
    assert {(f.field_id, f.name, f.required, f.doc) for f in found.fields} == {
        (1, "id", False, "Id."),
        (2, "n", False, "Number."),
        (3, "epoch", True, "Its epoch."),
    }
    assert evolved(found, 9_999, spec) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FloatType(), "double"),
        (IntegerType(), "long"),
        (DecimalType(9, 2), "decimal(10, 2)"),
    ],
)
def test_added_columns_are_widened_as_well(old: Any, new: str) -> None:
    """A plug-in's next version may do what ours may."""
    disk = on_disk(NestedField(10_000, "price", old, required=False, doc="P."))
    found = evolved(disk, 10_000, BASE, [added("price", new, "P.")])
    assert found is not None
    assert str(found.find_field("price").field_type) == new
    assert DoubleType() not in [field.field_type for field in disk.fields]


def test_ids_of_added_columns_are_for_ever(tmp_path: Path) -> None:
    """A plug-in that goes and comes again finds its values; another one never gets its id."""
    root = tmp_path / "lake"
    lake = Lake(root, "default")
    city, tags = added("geo_city", "string", "City."), added("tags", "list<string>", "Tags.")
    assert lake.evolve({"events": [city, tags]}) == ["events"]
    ids = {"geo_city": (10_000,), "tags": (10_001, 10_002)}
    assert _added_ids(lake) == ids
    assert lake.commit("events", rows_with(lake.schema("events"), 1, geo_city="Oslo"), 1)
    lake = Lake(root, "default")
    assert lake.evolve() == []  # without them
    assert lake.commit("events", rows_with(EVENT_SCHEMA, 2), 2)
    other = added("segment", "long", "Segment.")
    assert lake.evolve({"events": [other]}) == ["events"]
    assert lake.evolve({"events": [city, other]}) == []
    assert _added_ids(lake) == {**ids, "segment": (10_003,)}
    assert [row["geo_city"] for row in by_pyiceberg(root, "geo_city")] == ["Oslo"] * 2 + [None] * 2


def _added_ids(lake: Lake) -> dict[str, tuple[int, ...]]:
    schema = lake.table("events").schema()
    found = {}
    for field in schema.fields:
        if field.field_id >= 10_000:
            element = getattr(field.field_type, "element_id", None)
            found[field.name] = (field.field_id,) if element is None else (field.field_id, element)
    return found


def test_an_id_that_somebody_dropped_is_not_given_again(tmp_path: Path) -> None:
    """Files that are there still have the dropped column's values under it."""
    lake = Lake(tmp_path / "lake", "default")
    lake.evolve({"events": [added("geo_city", "string", "City.")]})
    with lake.table("events").update_schema() as update:
        update.delete_column("geo_city")
    lake.evolve({"events": [added("segment", "long", "Segment.")]})
    assert _added_ids(lake) == {"segment": (10_001,)}


def test_another_engine_s_column_takes_no_id_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, and a column of a later version finds its own id free."""
    root = tmp_path / "lake"
    lake = Lake(root, "default")
    with lake.table("events").update_schema() as update:
        update.add_column("theirs", StringType())
    assert _added_ids(lake) == {"theirs": (10_000,)}
    with_columns(monkeypatch, CITY)
    lake = Lake(root, "default")
    assert lake.evolve() == ["events"]
    assert lake.table("events").schema().find_field("geo_city").field_id == 200
    rows = rows_with(lake.schema("events"), 1, theirs="x", geo_city="Oslo")
    assert lake.commit("events", rows, 1)
    assert by_pyiceberg(root, "theirs", "geo_city") == [{"theirs": "x", "geo_city": "Oslo"}] * 2


def test_a_table_of_before_is_brought_to_where_others_count_from(tmp_path: Path) -> None:
    """Tables made by the version before count on from their last column."""
    lake = Lake(tmp_path / "lake", "default")
    metadata = lake.table("events").metadata
    lake._tables["events"].metadata = metadata.model_copy(update={"last_column_id": 80})
    assert evolved(metadata.schema(), 80, TABLES["events"]) is not None
    assert evolved(metadata.schema(), 9_999, TABLES["events"]) is None


def test_a_table_s_comment_follows_its_definition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other engines show it; tables of the version before have none."""
    lake = Lake(tmp_path / "lake", "default")
    said = msgspec.structs.replace(TABLES["events"], row_is="an event, said otherwise")
    monkeypatch.setitem(TABLES, "events", said)
    assert lake.evolve() == ["events"]
    assert lake.evolve() == []
    assert lake.table("events").properties["comment"] == "an event, said otherwise"


def test_all_tables_are_looked_at_before_one_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home that cannot be brought to this version stays as it was, for the one before."""
    root = tmp_path / "lake"
    Lake(root, "default")
    with_columns(monkeypatch, CITY)
    with_columns(monkeypatch, optional(5, "user_id", "long", "U."), table="sessions")
    lake = Lake(root, "default")
    with pytest.raises(Invalid, match="table=sessions name=user_id"):
        lake.evolve()
    assert "geo_city" not in lake.schema("events").names


def test_an_older_writer_changes_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was paused over an upgrade finds out before it changes anything."""
    old, new = (Lake(tmp_path / "lake", "default") for _ in range(2))
    old.write_as(1)
    new.write_as(2)
    new.fence()
    with_columns(monkeypatch, CITY)
    with pytest.raises(LeaseLost):
        old.evolve()
    assert "geo_city" not in new.schema("events").names
    new.evolve()
    assert "geo_city" in old.schema("events").names


def test_two_that_evolve_at_once_give_no_id_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one who comes second looks again, and finds the id taken."""
    first, second = (Lake(tmp_path / "lake", "default") for _ in range(2))
    segment = added("segment", "long", "Segment.")
    interfered = _interfering(monkeypatch, lambda: second.evolve({"events": [segment]}))
    first.evolve({"events": [added("geo_city", "string", "City.")]})
    assert interfered == [True]
    assert _added_ids(first) == {"segment": (10_000,), "geo_city": (10_001,)}


def _interfering(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[bool]:
    """`act` once, between a look at the table and the commit."""
    from footfall.lake.tables import evolve

    done: list[bool] = []
    real = evolve.SchemaChange._commit

    def commit(self: evolve.SchemaChange) -> Any:
        found = real(self)
        if not done:
            done.append(True)
            act()
        return found

    monkeypatch.setattr(evolve.SchemaChange, "_commit", commit)
    return done


def test_a_plan_says_what_columns_there_are(tmp_path: Path) -> None:
    """Readers know the columns of plug-ins by it, also when no row was written since."""
    lake = Lake(tmp_path / "lake", "default")
    assert lake.commit("events", event_table([{"epoch": 1}]), 1)
    before = lake.plan("events")
    lake.evolve({"events": [added("geo_city", "string", "City.")]})
    after = lake.plan("events")
    assert after.snapshot_id == before.snapshot_id
    assert {(one.id, one.name, one.kind) for one in {*after.columns} - {*before.columns}} == {
        (10_000, "geo_city", "string")
    }
    assert len(before.columns) == len(TABLES["events"].columns)
