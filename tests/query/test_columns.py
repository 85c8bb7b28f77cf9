"""Views find columns by field id: of old files, of new ones, and of those that plug-ins added."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.columns import added, optional
from footfall.errors import Invalid
from footfall.lake import TABLES, Lake, read_tables
from footfall.query.engine import Engine
from footfall.schema import extended
from footfall.testing.events import event_table
from tests.query.cuts import CutWriter, overrides

OpenEngine = Callable[[CutWriter], Engine]


def _rows(engine: Engine, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in engine.run(sql).table.to_pylist()]


@pytest.mark.parametrize("spec", read_tables(), ids=lambda spec: spec.name)
def test_a_view_has_the_columns_of_the_definition(spec: object, engine: Engine) -> None:
    """In its order, and then those that only the view has: what docs/tables.md says."""
    assert isinstance(spec, type(TABLES["events"]))
    found = [row[0] for row in _rows(engine, f"DESCRIBE {spec.name}")]
    assert found == [column.name for column in (*spec.columns, *spec.computed)]


def test_a_new_column_is_null_where_files_lack_it(
    writer: CutWriter, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the lake and in the tail: both are of before the program was upgraded."""
    writer.to_lake("events", event_table([{"event_name": "old"}]))
    writer.to_tail("events", event_table([{"event_name": "old in the tail"}]))
    writer.publish()
    spec = TABLES["events"]
    city = optional(200, "geo_city", "string", "City.", since="9.9.9")
    wider = msgspec.structs.replace(spec, columns=(*spec.columns, city))
    monkeypatch.setitem(TABLES, "events", wider)
    old = "SELECT event_name, geo_city FROM events ORDER BY 1"
    assert _rows(open_engine(writer), old) == [("old", None), ("old in the tail", None)]

    Lake(writer.home.lake_dir, "default").evolve()
    new = event_table([{"event_name": "new"}])
    new = new.append_column("geo_city", pa.array(["Oslo"]))
    writer.to_lake("events", new)
    writer.to_tail("events", new)
    writer.publish()
    assert _rows(open_engine(writer), old) == [
        ("new", "Oslo"),
        ("new", "Oslo"),
        ("old", None),
        ("old in the tail", None),
    ]


def test_ids_count_and_not_names_or_places(
    writer: CutWriter, open_engine: OpenEngine, tmp_path: Path
) -> None:
    """Another engine may have written the columns in another order, under other names.

    Such a file comes of a table that was renamed or reordered there; its ids are the same.
    """
    writer.to_lake("events", event_table([{"event_name": "a", "user_id": "u"}]))
    (file,) = writer.lake.plan("events").files
    rows = pq.read_table(file)
    names = [f"renamed_{name}" for name in rows.column_names]
    fields = [
        pa.field(name, field.type, metadata=field.metadata)
        for name, field in zip(names, rows.schema, strict=True)
    ]
    turned = pa.table(rows.columns, schema=pa.schema(fields)).select(names[::-1])
    Path(file).unlink()
    pq.write_table(turned, file)
    writer.publish()
    found = _rows(open_engine(writer), "SELECT event_name, user_id, visitor_id FROM events")
    assert found == [("a", "u", "v1")]


def test_columns_that_plug_ins_added_are_there(writer: CutWriter, open_engine: OpenEngine) -> None:
    """This program has no such plug-in: the cut says what the table has. A word of SQL is a name.

    An override must not lose them either.
    """
    writer.to_lake("events", event_table([{"event_name": "before"}]))
    columns = [added("order", "decimal(10, 2)", "X."), added("tags", "list<string>", "X.")]
    writer.lake.evolve({"events": columns})
    rows = event_table([{"event_name": "after"}])
    rows = rows.append_column("order", pa.array([Decimal(1)], pa.decimal128(10, 2)))
    rows = rows.append_column(
        "tags", pa.array([["a"]], writer.lake.schema("events").field("tags").type)
    )
    assert rows.schema.names == extended(TABLES["events"].schema, columns).names
    writer.to_lake("events", rows)
    writer.to_tail("events", rows.set_column(1, "event_name", pa.array(["tail"])))
    writer.publish()
    sql = 'SELECT event_name, "order"::INT, tags FROM events ORDER BY 1'
    expected = [("after", 1, ["a"]), ("before", None, None), ("tail", 1, ["a"])]
    assert _rows(open_engine(writer), sql) == expected
    writer.set_overrides(overrides(("v1", 0, 1, b"s" * 16)))
    writer.publish()
    assert _rows(open_engine(writer), sql) == expected


def test_a_tail_of_a_newer_program_is_refused(writer: CutWriter, open_engine: OpenEngine) -> None:
    """Its rows have a column that nothing here could show: better a sentence than half of it."""
    rows = event_table([{}]).append_column("from_tomorrow", pa.array(["x"]))
    writer.to_tail("events", rows)
    writer.publish()
    with pytest.raises(Invalid, match="run the version that the server runs"):
        open_engine(writer).run("SELECT count(*) FROM events")
