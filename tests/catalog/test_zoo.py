"""Ugly files: what can be read is read, what cannot is told with file, line and reason."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import json
import lzma
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from footfall.catalog.crawls.inspect import Inspector, Limits
from footfall.catalog.crawls.inspectors import THREADS_MAX
from footfall.catalog.crawls.listing import place_of
from footfall.catalog.entries import CrawlReport, FileFault
from footfall.explore.access import Project
from footfall.lake.store.options import S3Options
from footfall.settings import load_settings
from tests.catalog.beasts import BESIDE, HEADS, JSONS, LEFT_OUT, Beast, parquet
from tests.catalog.places import cut_gzip, home_with_a_cut, lines, put, zstd
from tests.scale import scaled

LINE_MAX = 1 << 20
"""As the settings of these tests have it; the engine itself takes lines of up to 32 MiB."""
NOISE = [{"n": n, "text": hashlib.sha512(str(n).encode()).hexdigest()} for n in range(3_000)]


_TYPES = pa.table(
    {
        "day": [date(2026, 11, 29)],
        "at": pa.array([datetime(2026, 11, 29, 10, tzinfo=UTC)], pa.timestamp("ns", "UTC")),
        "money": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
        "wide": pa.array([2**64 - 1], pa.uint64()),
        "text": pa.array(["x"]).dictionary_encode(),
        "list": pa.array([[1]], pa.list_(pa.int8())),
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        "struct": [{"a": 1}],
        "bytes": [b"\xff"],
        "nothing": pa.nulls(1),
    }
)


def _parts(*folders: str) -> dict[str, str | None]:
    return {f"partition_{at}": folders[at] if at < len(folders) else None for at in range(4)}


ZOO = {
    "plain": Beast({"a": b'{"a":1}\n{"a":2}\n'}, [{"a": 1}, {"a": 2}]),
    "no_newline_at_end": Beast({"a": b'{"a":1}\n{"a":2}'}, [{"a": 1}, {"a": 2}]),
    "documents_without_newlines": Beast(
        {"a": b'{"a":1}{"a":{"b":2}}{"a":[3]}'},
        [{"a": "1"}, {"a": '{"b":2}'}, {"a": "[3]"}],
    ),
    "documents_over_lines": Beast(
        {"a": json.dumps({"a": 1, "b": {"c": 2}}, indent=1).encode() * 2},
        [{"a": 1, "b": {"c": 2}}] * 2,
    ),
    "a_list": Beast({"a": b'[{"a":1},\n{"a":2}]'}, [{"a": 1}, {"a": 2}]),
    "mixed_types": Beast(
        {"a": b'{"a":1,"b":1}\n{"a":"x","b":1.5}\n{"a":true,"b":null}'},
        [{"a": "1", "b": 1.0}, {"a": "x", "b": 1.5}, {"a": "true", "b": None}],
    ),
    "late_columns": Beast(
        {"a": b'{"a":1}\n{"a":2,"late":{"x":"y"}}'},
        [{"a": 1, "late": None}, {"a": 2, "late": {"x": "y"}}],
    ),
    "empty": Beast(
        {"a": b"", "b": b'{"a":1}', "c": b" \n\n"},
        [{"a": 1}],
        (("a", 0, "empty"), ("c", 0, "no rows")),
    ),
    "broken_line": Beast(
        {"a": b'{"a":1}\n{"a":,}\nnothing\n{"a":2}\n'},
        [{"a": 1}, {"a": 2}],
        (("a", 2, "no JSON"), ("a", 3, "no JSON")),
    ),
    "cut_document": Beast(
        {"a": b'{"a":1}\n{"a":{"b":\n{"a":2}\n{"a":'},
        [{"a": 1}, {"a": 2}],
        (("a", 2, "does not end"), ("a", 4, "does not end")),
    ),
    "no_objects": Beast(
        {"a": b'{"a":1}\n7\n"x"\n[{"a":2},3]'},
        [{"a": 1}, {"a": 2}],
        (("a", 2, "no object: 7"), ("a", 3, "no object"), ("a", 4, "no object: 3")),
    ),
    "duplicate_keys": Beast({"a": b'{"a":1,"a":2}\n{"a":3}'}, [{"a": 2}, {"a": 3}]),
    "byte_order_mark": Beast({"a": b'\xef\xbb\xbf{"a":1}\n'}, [{"a": 1}]),
    "utf_16": Beast({"a": '{"a":"ä"}\n{"a":"漢"}'.encode("utf-16")}, [{"a": "ä"}, {"a": "漢"}]),
    "latin_1": Beast(
        {"a": '{"a":"ok"}\n{"a":"ä"}\n'.encode("latin-1")},
        [{"a": "ok"}, {"a": "ä"}],
        (("a", 2, "not UTF-8"),),
    ),
    "long_line": Beast(
        {"a": b'{"a":1}\n{"a":"' + b"x" * (scaled(40, 200) * LINE_MAX) + b'"}\n{"a":2}\n'},
        [{"a": 1}, {"a": 2}],
        (("a", 2, "line_bytes_max"),),
    ),
    "gzip": Beast(
        {"a": gzip.compress(b'{"a":1}\n') + gzip.compress(b'{"a":2}\n')}, [{"a": 1}, {"a": 2}]
    ),
    "zstd": Beast({"a": zstd(b'{"a":1}\n')}, [{"a": 1}]),
    "csv": Beast(
        {
            "a": b'id,name,at\r\n1,"a ""q"", b","2026-11-29 10:00:00"\r\n'
            b'2,"two\nlines",2026-11-30 10:00\r\n3,,\r\n'
        },
        [
            {"id": 1, "name": 'a "q", b', "at": "2026-11-29T10:00:00"},
            {"id": 2, "name": "two\nlines", "at": "2026-11-30T10:00:00"},
            {"id": 3, "name": None, "at": None},
        ],
    ),
    "csv_zeros": Beast(
        {"a": b"zip;n\n01234;1\n99999;2.5\n"},
        [{"zip": "01234", "n": 1.0}, {"zip": "99999", "n": 2.5}],
    ),
    "csv_of_excel": Beast(
        {
            "a": "sep=;\r\nnr;name\r\n1;Müller, A\r\n".encode("cp1252"),
            "b": b'\xef\xbb\xbfnr;name\r\n2;"a; ""b"""\r\n',
            "c": b'"sep=|"\nnr|name\n3|x;y;z\n',
        },
        [{"nr": 1, "name": "Müller, A"}, {"nr": 2, "name": 'a; "b"'}, {"nr": 3, "name": "x;y;z"}],
        (("a", 3, "not UTF-8"),),
    ),
    "csv_no_header": Beast(
        {"a": b"1,x\n2,y\n"}, [{"column_0": 1, "column_1": "x"}, {"column_0": 2, "column_1": "y"}]
    ),
    "csv_ragged": Beast(
        {"a": b"a,b\n1,2\n3\n4,5,6\n7,8\n"},
        [{"a": 1, "b": 2}, {"a": 3, "b": None}, {"a": 7, "b": 8}],
        (("a", 4, "3 cells"),),
    ),
    "csv_other_order": Beast(
        {"a": b"a,b\n1,x\n", "b": b"b,a,c\ny,2,z\n"},
        [{"a": 1, "b": "x", "c": None}, {"a": 2, "b": "y", "c": "z"}],
    ),
    "csv_latin_1": Beast(
        {"a": "a,b\n1,ä\n".encode("latin-1")}, [{"a": 1, "b": "ä"}], (("a", 2, "not UTF-8"),)
    ),
    "parquet": Beast({"a.parquet": parquet()}, [{"a": 1, "b": "x"}, {"a": 2, "b": None}]),
    "broken_parquet": Beast(
        {"a.parquet": parquet()[:-20], "b.parquet": parquet()},
        [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
        (("a.parquet", 0, "Parquet"),),
    ),
    "all_formats": Beast(
        {"a": b'{"a":1,"b":"x"}', "b": b"a,b\n2,y\n", "c.parquet": parquet()},
        [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 1, "b": "x"}, {"a": 2, "b": None}],
    ),
    "no_data": Beast({"a": b"\x00\x01\x02" * 100, "b": b'{"a":1}'}, [{"a": 1}], (("a", 0, ""),)),
    "utf_16_csv": Beast(
        {"a": "id,name\n1,ä\n2,漢\n".encode("utf-16")},
        [{"id": 1, "name": "ä"}, {"id": 2, "name": "漢"}],
    ),
    "nul_in_a_cell": Beast({"a": b"id,name\n1,x\0y\n"}, [{"id": 1, "name": "x\0y"}]),
    "no_newline_at_end_csv": Beast(
        {"a": b"id,n\n1,2\n3,4"}, [{"id": 1, "n": 2}, {"id": 3, "n": 4}]
    ),
    "long_line_csv": Beast(
        {"a": b"id,text\n1,x\n2," + b"x" * (2 * LINE_MAX) + b"\n3,z\n"},
        [{"id": 1, "text": "x"}, {"id": 3, "text": "z"}],
        (("a", 3, "line_bytes_max"),),
    ),
    "broken_zstd": Beast(
        {"a": zstd(lines(NOISE))[:40], "b": b'{"n":1}'}, [{"n": 1}], (("a", 0, ""),)
    ),
    "a_million_columns": Beast(
        {"a": b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n", "b": b"c1,c2\n1,x\n"},
        [{"c1": 1, "c2": "x"}],
        (("a", 1, "line_bytes_max"),),
    ),
    "many_columns": Beast(
        {"a": b",".join(b"c%d" % n for n in range(100_000)) + b"\n", "b": b"c1,c2\n1,x\n"},
        [{"c1": 1, "c2": "x"}],
        (("a", 1, "100,000 columns"),),
    ),
    "many_keys": Beast(
        {"a": json.dumps({f"c{n}": n for n in range(2_000)}).encode(), "b": b'{"c1":1,"more":2}'},
        [
            {f"c{n}": n for n in range(1_000)},
            dict.fromkeys(f"c{n}" for n in range(1_000)) | {"c1": 1},
        ],
        (("a", 0, "2,000 columns"),),
    ),
    "nested_folders": Beast(
        {"2026/11/29/10/a": b'{"a":1}', "2026/11/b": b'{"a":2}', "c": b'{"a":3}'},
        [
            {"a": 1, **_parts("2026", "11", "29", "10")},
            {"a": 2, **_parts("2026", "11")},
            {"a": 3, **_parts()},
        ],
    ),
    "hive_conflicts": Beast(
        {"a=x/day=1/f": b'{"a":1,"b":2}', "a=y/day=__HIVE_DEFAULT_PARTITION__/f": b'{"a":3,"b":4}'},
        [
            {"a": 1, "b": 2, "a_folder": "x", "day": "1"},
            {"a": 3, "b": 4, "a_folder": "y", "day": None},
        ],
    ),
    "names": Beast({"x[1]*.json": b'{"a":1}', "b'c?": b'{"a":2}'}, [{"a": 1}, {"a": 2}]),
    "folders_of_any_name": Beast(
        {
            "a b%20c/ü\n.json": b'{"a":1}',
            "漢/100%/f": b'{"a":2}',
            "q\"uo'te/f": b'{"a":\n',
        },
        [
            {"a": 1, "partition_0": "a b%20c", "partition_1": None},
            {"a": 2, "partition_0": "漢", "partition_1": "100%"},
        ],
        (("q\"uo'te/f", 1, "does not end"),),
    ),
    "hive_beside_plain": Beast(
        {
            "year=2026/11/f": b'{"a":1}',
            "plain/f": b'{"a":2}',
            "Year=2025/f": b'{"a":3}',
            "day=x/year=2024/f": b'{"a":4}',
        },
        [
            {"a": 1, "year": "2026", "partition_1": "11", "day": None, "partition_0": None},
            {"a": 2, "year": None, "partition_1": None, "day": None, "partition_0": "plain"},
            {"a": 3, "year": "2025", "partition_1": None, "day": None, "partition_0": None},
            {"a": 4, "year": "2024", "partition_1": None, "day": "x", "partition_0": None},
        ],
    ),
    "hive_escapes": Beast(
        {"at=2026-01-01 10%3A00/f": b'{"a":1}', "at=50%/f": b'{"a":2}'},
        [{"a": 1, "at": "2026-01-01 10:00"}, {"a": 2, "at": "50%"}],
    ),
    "widened_types": Beast(
        {
            "a": b'{"n":1,"d":"2026-11-29","s":{"x":1},"l":[1]}',
            "b": b'{"n":100000000000000000000,"d":"2026-11-29T10:00:00","s":{"y":"z"},"l":[1.5]}',
        },
        [
            {"n": 1.0, "d": "2026-11-29T00:00:00", "s": {"x": 1, "y": None}, "l": [1.0]},
            {
                "n": 1e20,
                "d": "2026-11-29T10:00:00",
                "s": {"x": None, "y": "z"},
                "l": [1.5],
            },
        ],
    ),
    "types_that_nothing_joins": Beast(
        {"a": b'{"a":{"b":1}}', "b": b'{"a":[1,2]}', "c": b'{"a":"x"}'},
        [{"a": '{"b":1}'}, {"a": "[1,2]"}, {"a": "x"}],
    ),
    "arrays": Beast(
        {"a": b'{"a":[[1,2],[]],"b":[{"c":1},{"d":"x"}],"e":[]}\n{"a":[],"b":null,"e":[]}'},
        [
            {
                "a": [[1, 2], []],
                "b": [{"c": 1, "d": None}, {"c": None, "d": "x"}],
                "e": [],
            },
            {"a": [], "b": None, "e": []},
        ],
    ),
    "nested_deep": Beast(
        {"a": b'{"a":' * 400 + b"1" + b"}" * 400 + b'\n{"b":2}'},
        [{"b": 2}],
        (("a", 1, "nested"),),
    ),
    "names_by_case": Beast(
        {
            "a": b'{"a":1,"A":2,"Id":"x","in":{"b":1}}\n{"A":3,"id":"y","in":{"B":2,"b":3}}',
            "b": b'{"a":4,"iD":"z"}',
        },
        [
            {"a": 2, "Id": "x", "in": {"b": 1}},
            {"a": 3, "Id": "y", "in": {"b": 3}},
            {"a": 4, "Id": "z", "in": None},
        ],
    ),
    "names_with_numbers": Beast(
        {"a": b'{"a":1,"a_1":null,"b_2":null}'}, [{"a": 1, "a_1": None, "b_2": None}]
    ),
    "names_by_case_csv": Beast({"a": b"a,A\n1,2\n"}, [{"a": 1, "a_2": 2}]),
    "names_twice_csv": Beast({"a": b"id,n,n\n1,2,3\n"}, [{"id": 1, "n": 2, "n_2": 3}]),
    "names_by_case_parquet": Beast(
        {"a": parquet(pa.table([[1], [2]], names=["a", "A"]))}, [{"a": 1, "A_1": 2}]
    ),
    "names_that_are_words": Beast(
        {"a": b'{"select":1,"from":2,"filename":"f","a b":3,"":4,"\\"":5,"\xc3\xa4":6}'},
        [{"select": 1, "from": 2, "filename": "f", "a b": 3, "column": 4, '"': 5, "ä": 6}],
    ),
    "names_that_are_words_csv": Beast(
        {"a": b"select,filename,group by\n1,f,3\n"},
        [{"select": 1, "filename": "f", "group by": 3}],
    ),
    "numbers_that_are_none": Beast(
        {"a": b'{"a":1}\n{"a":NaN}\n{"a":1e400}\n{"a":01}\n{"a":2}'},
        [{"a": 1}, {"a": None}, {"a": None}, {"a": 2}],
        (("a", 4, "no JSON"),),
    ),
    "half_characters": Beast(
        {"a": b'{"a":"\\ud800"}\n{"a":"\\u0000"}\n{"a":"x"}'},
        [{"a": "\ufffd"}, {"a": "\x00"}, {"a": "x"}],
        (("a", 1, "half a character"),),
    ),
    "byte_order_mark_csv": Beast({"a": b"\xef\xbb\xbfid,n\r\n1,2\r\n"}, [{"id": 1, "n": 2}]),
    "old_newlines_csv": Beast({"a": b"id,n\r1,2\r3,4\r"}, [{"id": 1, "n": 2}, {"id": 3, "n": 4}]),
    "open_quote_csv": Beast(
        {"a": b'id,n\n1,x\n2,"never ends\n3,y\n'},
        [{"id": 1, "n": "x"}, {"id": 3, "n": "y"}],
        (("a", 3, "quote"),),
    ),
    "quotes_within_csv": Beast(
        {"a": b'id,n\n1,a "b" c\n2,5" wide\n'},
        [{"id": 1, "n": 'a "b" c'}, {"id": 2, "n": '5" wide'}],
    ),
    "nothing_in_gzip": Beast(
        {"a": gzip.compress(b""), "b": b'{"a":1}'}, [{"a": 1}], (("a", 0, "no rows"),)
    ),
    "gzip_twice": Beast(
        {"a": gzip.compress(gzip.compress(b'{"a":1}')), "b": b'{"a":1}'},
        [{"a": 1}],
        (("a", 0, "gzip within"),),
    ),
    "no_gzip": Beast({"a.json.gz": b'{"a":1}'}, [{"a": 1}]),
    "compressed_otherwise": Beast(
        {
            "a": bz2.compress(b'{"a":1}'),
            "b": b'{"a":1}',
            "c": lzma.compress(b'{"a":1}'),
            "d.zip": b"PK\x03\x04" + bytes(40),
            "e.orc": b"ORC" + bytes(40),
            "f.avro": b"Obj\x01" + bytes(40),
            "g.json.snappy": bytes(pa.compress(b'{"a":1}\n', codec="snappy")),
            "h.snappy.parquet": parquet(pa.table({"a": [2]})),
        },
        [{"a": 1}, {"a": 2}],
        (
            ("a", 0, "bzip2"),
            ("c", 0, "xz"),
            ("d.zip", 0, "zip"),
            ("e.orc", 0, "ORC"),
            ("f.avro", 0, "Avro"),
            ("g.json.snappy", 0, "Snappy"),
        ),
    ),
    "parquet_types": Beast(
        {"a": parquet(_TYPES)},
        [
            {
                "day": "2026-11-29",
                "at": "2026-11-29T10:00:00+00:00",
                "money": "1.50",
                "wide": str(2**64 - 1),
                "text": "x",
                "list": [1],
                "map": '{"k":1}',
                "struct": {"a": 1},
                "bytes": b"\xff",
                "nothing": None,
            }
        ],
    ),
    "parquet_without_rows": Beast(
        {"a": parquet(pa.table({"a": pa.array([], pa.int64())})), "b": parquet()},
        [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
    ),
    "parquet_of_other_types": Beast(
        {"a": parquet(), "b": parquet(pa.table({"a": ["z"], "c": [1.5]}))},
        [
            {"a": "1", "b": "x", "c": None},
            {"a": "2", "b": None, "c": None},
            {"a": "z", "b": None, "c": 1.5},
        ],
    ),
}
ZOO |= HEADS | JSONS | BESIDE
CUT = "broken_gzip"
"""Its rows depend on the compressor; held by a test of its own."""


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, CrawlReport]]:
    """One crawl of all of them, and the project."""
    directory = tmp_path_factory.mktemp("zoo")
    for folder, beast in ZOO.items():
        for name, data in beast.files.items():
            put(directory / "place", f"{folder}/{name}", data)
    put(directory / "place", f"{CUT}/a.gz", cut_gzip(lines(NOISE)))
    with Project(home_with_a_cut(directory / "home").root) as project:
        yield project, project.crawls.add("zoo", str(directory / "place"))


def _text_of(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _shown(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, default=_text_of) for row in rows)


@pytest.mark.parametrize("name", ZOO)
def test_what_can_be_read_is_read(crawled: tuple[Project, CrawlReport], name: str) -> None:
    """Every row of every file that has one, with the values it has."""
    project, report = crawled
    table = {t.name: t for t in report.tables}[name]
    found = project.sql(f"SELECT * FROM {name}").rows()
    assert _shown(found) == _shown(ZOO[name].rows)
    assert table.rows == len(found)


@pytest.mark.parametrize("name", ZOO)
def test_what_cannot_is_told(crawled: tuple[Project, CrawlReport], name: str) -> None:
    """File, line and reason of each fault, and no others."""
    _, report = crawled
    faults = [fault for fault in report.faults if fault.file.startswith(f"{name}/")]
    told = [(fault.file.removeprefix(f"{name}/"), fault.line) for fault in faults]
    assert told == [(file, line) for file, line, _ in ZOO[name].faults]
    for fault, (_, _, word) in zip(faults, ZOO[name].faults, strict=True):
        assert word in fault.reason


@pytest.mark.parametrize(
    ("data", "is_mended"),
    [(gzip.compress(b"id,n\n1,2\n"), False), (b'id,n\n1,2\n3,"4\n', True)],
    ids=["compressed", "mended"],
)
def test_as_delivered_csv_fits_into_memory(tmp_path: Path, data: bytes, *, is_mended: bool) -> None:
    """On any number of cores: buffers for the longest lines are within what each engine has."""
    settings = load_settings().catalog
    put(tmp_path, "a", data)
    options = S3Options("", "", "", "", True)
    limits = Limits(
        settings.line_bytes_max,
        settings.repaired_bytes_max,
        settings.memory_max // THREADS_MAX,
        10**6,
    )
    with contextlib.closing(Inspector(place_of(str(tmp_path), options), options, limits)) as engine:
        found = engine.inspect("a", tmp_path / "copy.gz")
    assert (found.rows, found.faults_count, found.copy != "") == (1, is_mended, is_mended)


def test_a_broken_gzip_has_what_came_before(crawled: tuple[Project, CrawlReport]) -> None:
    """The rows up to the break are the first ones, whole and in order."""
    project, report = crawled
    found = project.sql(f"SELECT n, text FROM {CUT}").rows()
    assert 100 < len(found) < len(NOISE)
    assert found == NOISE[: len(found)]
    reasons = [fault.reason for fault in report.faults if fault.file == f"{CUT}/a.gz"]
    assert ["damaged" in reason or "not end" in reason for reason in reasons] == [True, True]


def test_what_lies_beside_data_is_named(crawled: tuple[Project, CrawlReport]) -> None:
    """No file is left out without a word, nor one that is data."""
    _, report = crawled
    notes = "\n".join(note for note in report.notes if "left out as" in note)
    named = set(notes.replace(":", ",").replace("\n", ", ").split(", "))
    assert "log of a Delta table" in notes
    assert {f"beside_data/{name}" for name in LEFT_OUT} == {n for n in named if "/" in n}


def test_text_among_numbers_is_told(crawled: tuple[Project, CrawlReport]) -> None:
    """Once for a column, with a value that is none; a sum fails for a reason one can see."""
    _, report = crawled
    told = [note for note in report.notes if note.startswith("text_among_numbers.")]
    assert told == ["text_among_numbers.n is text: in a 1 of 6 values are no numbers, as n/a"]


def test_files_that_are_unlike_are_told(crawled: tuple[Project, CrawlReport]) -> None:
    """A file of other columns may have been put there by mistake."""
    _, report = crawled
    unlike = [note for note in report.notes if "without a column in common" in note]
    assert next(note for note in unlike if note.startswith("unlike ")).endswith("manifest.json")
    assert not {note.partition(" ")[0] for note in unlike} & {"plain", "csv_other_order", "names"}


def test_conflicts_are_explained(crawled: tuple[Project, CrawlReport]) -> None:
    """That a column is text, and of which file, is said and not only so."""
    _, report = crawled
    found = {(one.table, one.column): one for one in report.columns if one.is_conflict}
    assert ("documents_without_newlines", "a") not in found  # within one file there is no other
    late = [one.column for one in report.columns if one.table == "csv_other_order"]
    assert late == ["c"]
    assert [note for note in report.notes if "more of b" in note and "1,000 columns" in note]


def test_copies_are_of_files_that_need_one(crawled: tuple[Project, CrawlReport]) -> None:
    """What the engine reads as it lies is not kept once more: disks are small."""
    project, _ = crawled
    tables = project._crawling.catalog.tables()
    names = (
        "plain",
        "title_plain",
        "names_with_numbers",
        "names_by_case",
        "csv",
        "quotes_within_csv",
    )
    kept = {name: [file.copy != "" for file in tables[name].files] for name in names}
    assert kept == {
        "plain": [False],
        "title_plain": [False],
        "names_with_numbers": [False],
        "names_by_case": [True, False],
        "csv": [False],
        "quotes_within_csv": [True],
    }


def test_faults_are_counted_once(crawled: tuple[Project, CrawlReport]) -> None:
    """The sum over the report is what stands in it."""
    _, report = crawled
    assert report.faults_count == len(report.faults)
    assert all(isinstance(fault, FileFault) and fault.reason for fault in report.faults)
