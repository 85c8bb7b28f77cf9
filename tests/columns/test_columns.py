"""Field ids stand for ever, and a definition that a table could not keep is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from footfall.columns import Retired, added, check_columns, optional, required
from footfall.errors import Invalid
from footfall.event import EVENT_SCHEMA, conform
from footfall.lake import TABLES, TableSpec
from footfall.schema import arrow_type, extended

GOLDEN = Path(__file__).parent / "field_ids.json"
"""Table → column → its field ids. Lines are only ever added: data files are out there."""


def test_field_ids_are_those_of_files_that_are_out_there() -> None:
    """Another id reads another column's values, or none: every file written so far is wrong."""
    written: dict[str, dict[str, list[int]]] = json.loads(GOLDEN.read_text())
    for table, columns in written.items():
        spec = TABLES[table]
        now = {column.name: list(column.ids) for column in spec.columns}
        gone = {retired.name: list(retired.ids) for retired in spec.retired}
        assert now | gone == columns, (
            f"{table}: ids never change, and a column that goes becomes `retired`; for a new one"
            f" add a line to {GOLDEN.name}"
        )
    assert written.keys() == TABLES.keys()


@pytest.mark.parametrize("name", sorted(TABLES))
def test_ids_of_a_table_are_its_own(name: str) -> None:
    """Counted by hand, apart from what the definition checks itself."""
    spec = TABLES[name]
    ids = [one for column in spec.columns for one in column.ids]
    ids += [one for retired in spec.retired for one in retired.ids]
    assert len(ids) == len(set(ids))
    assert min(ids) == 1
    assert max(ids) < 10_000


ID = required(1, "id", "uuid", "Its id.")


@pytest.mark.parametrize(
    ("columns", "retired", "told"),
    [
        ((ID, optional(1, "x", "int", "X.")), (), "given twice"),
        ((ID, optional(2, "id", "int", "X.")), (), "names that are given twice"),
        ((ID, optional(2, "x", "int", "X.")), (Retired("y", (2,)),), "given twice"),
        ((ID, optional(3, "y", "int", "X.")), (Retired("y", (2,)),), "names that are given twice"),
        ((ID, optional(2, "x", "list<string>", "X.", element_id=1)), (), "given twice"),
        ((ID, optional(2, "x", "list<string>", "X.")), (), "x"),
        ((ID, optional(10_000, "x", "int", "X.")), (), "x"),
        ((ID, optional(2, "x", "varchar", "X.")), (), "no such type"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(
    columns: Any, retired: Any, told: str
) -> None:
    """At import, in every test: never in somebody's lake."""
    with pytest.raises(AssertionError, match=told):
        check_columns(columns, retired)


def test_a_column_that_comes_later_is_optional() -> None:
    """Rows from before have no value for it, and no reader could make sense of a required null."""
    late = optional(2, "x", "int", "X.", since="9.9.9")
    check_columns((ID, late))
    with pytest.raises(AssertionError, match="make it optional: id"):
        check_columns((ID,), since="9.9.9")


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("City", "string", "small letters"),
        ("a b", "string", "small letters"),
        ("", "string", "small letters"),
        ("x" * 64, "string", "63 characters"),
        ("x); DROP", "string", "small letters"),
        ("city", "text", "there are: string, uuid"),
        ("city", "decimal(39, 2)", "there are: string, uuid"),
        ("city", "decimal(3, 4)", "there are: string, uuid"),
        ("city", "decimal(p, s)", "there are: string, uuid"),
    ],
)
def test_a_column_of_a_plug_in_has_a_name_and_a_type(name: str, kind: str, told: str) -> None:
    """Both come from outside, and the name gets into SQL."""
    with pytest.raises(Invalid, match=told):
        added(name, kind, "X.")


def test_a_schema_is_extended_at_its_end() -> None:
    """Stages find their columns where they were; two steps may fill one column in turn."""
    city = added("geo_city", "string", "City.")
    found = extended(EVENT_SCHEMA, [city, added("price", "decimal(10, 2)", "Price."), city])
    assert found.names == [*EVENT_SCHEMA.names, "geo_city", "price"]
    assert found.field("price").type == pa.decimal128(10, 2)
    assert found.field("geo_city").nullable


@pytest.mark.parametrize("names", [("event_id",), ("geo_city", "geo_city")])
def test_names_that_are_taken_are_refused(names: tuple[str, ...]) -> None:
    """SQL would take one for the other."""
    kinds = ("string", "int")
    columns = [added(name, kind, "X.") for name, kind in zip(names, kinds, strict=False)]
    with pytest.raises(Invalid, match="give it another name: name="):
        extended(EVENT_SCHEMA, columns)


def test_a_column_that_would_be_lost_is_an_error() -> None:
    """Also when Python runs without assertions."""
    rows = pa.table({"event_name": ["a"], "geo_city": ["Oslo"]})
    with pytest.raises(Invalid, match=r"declare them first: \['geo_city'\]"):
        conform(rows, EVENT_SCHEMA)
    wider = extended(EVENT_SCHEMA, [added("geo_city", "string", "City.")])
    assert conform(rows, wider).column("geo_city").to_pylist() == ["Oslo"]


def test_a_table_s_entry_is_checked() -> None:
    """A misspelt column would silently go unsorted, unbounded or without days."""
    epoch = required(2, "epoch", "long", "Epoch.")
    good: dict[str, Any] = {
        "name": "x",
        "row_is": "an x",
        "columns": (ID, epoch),
        "sort": ("id",),
        "bounded": frozenset({"epoch"}),
    }
    TableSpec(**good)
    for change in (
        {"sort": ("idd",)},
        {"bounded": frozenset({"epoch", "idd"})},
        {"bounded": frozenset({"id"})},
        {"day": "id"},
        {"loses_days": True},
        {"columns": (ID,)},
    ):
        with pytest.raises(AssertionError):
            TableSpec(**{**good, **change})


def test_types_have_the_names_that_iceberg_has() -> None:
    """What a plan says of a column is read back by this name."""
    from footfall.lake.tables.schemas import iceberg_schema

    kinds = {"string", "uuid", "binary", "boolean", "int", "long", "float", "double", "date"}
    kinds |= {"timestamptz", "decimal(18, 6)"}
    columns = [optional(n, f"c{n}", kind, "X.") for n, kind in enumerate(sorted(kinds), 1)]
    columns.append(optional(90, "c90", "list<string>", "X.", element_id=91))
    for column, field in zip(columns, iceberg_schema(columns).fields, strict=True):
        assert str(field.field_type) == column.kind
        assert arrow_type(column.kind) is not None
