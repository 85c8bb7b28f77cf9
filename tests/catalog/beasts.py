"""Ugly files: heads of CSV, lists, digits, folders, and what lies beside data."""

from __future__ import annotations

import gzip
import io
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

SMALL = pa.table({"a": pa.array([1, 2], pa.int32()), "b": ["x", None]})


def parquet(table: pa.Table = SMALL) -> bytes:
    """A table as a file."""
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


class Beast(NamedTuple):
    """Files of a folder, the rows they are, and what is told of them."""

    files: dict[str, bytes]
    rows: list[dict[str, Any]]
    faults: tuple[tuple[str, int, str], ...] = ()
    """File, line, and a word of the reason."""


HEAD = b"id,name,n\n1,x,2\n2,y,3\n"
TABLE = [{"id": 1, "name": "x", "n": 2}, {"id": 2, "name": "y", "n": 3}]
BY_NUMBER = [{"column_0": 1, "column_1": "x", "column_2": 2}]
BY_NUMBER += [{"column_0": 2, "column_1": "y", "column_2": 3}]
HEADS: dict[str, Beast] = {
    f"title_{name}": Beast({"a": above + HEAD}, TABLE, (("a", 1, word),))
    for name, above, word in (
        ("plain", b"Clicks of the shop\n", "line 2, is left out: Clicks of the shop"),
        ("blank", b"Clicks\r\n\r\n", "line 3"),
        ("twice", b"Clicks, by day\nof November\n", "line 3"),
        ("quoted", b'"Clicks, by day, of 5"" screens"\n', "line 2"),
        ("padded", b"Clicks,,\n,,\n", "line 3"),
        ("pairs", b"Shop,Oak\nPeriod,November\n\n", "line 4"),
        ("comment", b"# made by us\n# one, two, three\n", "line 3"),
        ("byte_order_mark", b"\xef\xbb\xbfClicks\n", "line 2"),
    )
}
HEADS |= {
    "title_utf_16": Beast(
        {"a": b"Clicks\n".decode().encode("utf-16") + HEAD.decode().encode("utf-16-le")},
        TABLE,
        (("a", 1, "line 2"),),
    ),
    "title_gzip": Beast({"a": gzip.compress(b"Clicks\n" + HEAD)}, TABLE, (("a", 1, "line 2"),)),
    "title_semicolons": Beast(
        {"a": b"Bericht, November\nid;name;n\n1;x;2,5\n2;y;3,5\n"},
        [{"id": 1, "name": "x", "n": "2,5"}, {"id": 2, "name": "y", "n": "3,5"}],
        (("a", 1, "line 2"),),
    ),
    "title_without_names": Beast(
        {"a": b"Clicks of the shop\n1,x,2\n2,y,3\n"}, BY_NUMBER, (("a", 1, "not clear"),)
    ),
    "head_too_short": Beast({"a": b"id,name\n1,x,2\n2,y,3\n"}, BY_NUMBER, (("a", 1, "not clear"),)),
    "title_or_head": Beast(
        {"a": b"said\ngood, night\nbye, now\n"},
        [{"column_0": "good", "column_1": " night"}, {"column_0": "bye", "column_1": " now"}],
        (("a", 1, "not clear"),),
    ),
    "one_column": Beast(
        {"a": b"said\nx\ny, or so\nz\n"},
        [{"said": "x"}, {"said": "y, or so"}, {"said": "z"}],
        (("a", 0, "one cell"),),
    ),
    "blank_lines_first": Beast({"a": b"\n  \n\n" + HEAD}, TABLE),
    "comment_that_names": Beast(
        {"a": b"#id,name,n\n1,x,2\n2,y,3\n"},
        [{"#id": row["id"], "name": row["name"], "n": row["n"]} for row in TABLE],
    ),
    "comments_of_a_log": Beast(
        {
            "a.log": b"#Version: 1.0\n#Fields: id name n\n1 x 2\n",
            "b.log.gz": gzip.compress(b"#Version: 1.0\n#Fields: id name n\n2\ty\t3\n"),
        },
        TABLE,
        (("a.log", 1, "named by id name n"), ("b.log.gz", 1, "named by")),
    ),
    "tags_that_are_rows": Beast(
        {"a": b"#sale,5\n#new,6\n"},
        [{"column_0": "#sale", "column_1": 5}, {"column_0": "#new", "column_1": 6}],
    ),
    "names_that_are_none": Beast(
        {"a": '"id #",,"price (€)",2026-11-01,\n1,x,2,3,\n'.encode()},
        [{"id #": 1, "column_1": "x", "price (€)": 2, "2026-11-01": 3, "column_4": None}],
    ),
    "rows_like_names": Beast(
        {"a": b"x,N/A,3\ny,4,5\n"},
        [
            {"column_0": "x", "column_1": "N/A", "column_2": 3},
            {"column_0": "y", "column_1": "4", "column_2": 5},
        ],
    ),
    "head_twice": Beast(
        {"a": gzip.compress(HEAD[:16]) + gzip.compress(b"id,name,n\n2,y,3\n")},
        TABLE,
        (("a", 3, "once more"),),
    ),
    "nothing_at_end": Beast(
        {"a": HEAD + b"\x1a", "b": b"id,name,n\n3,z,4\n" + bytes(600)},
        [*TABLE, {"id": 3, "name": "z", "n": 4}],
        (("a", 4, "end of file"), ("b", 3, "NULs")),
    ),
    "decimal_commas": Beast(
        {"a": b"1;2,5\n2;3,5\n"},
        [{"column_0": 1, "column_1": "2,5"}, {"column_0": 2, "column_1": "3,5"}],
    ),
    "separated_by_1": Beast({"a": b"1\x01x\x012\n2\x01y\x013\n"}, BY_NUMBER),
}

JSONS = {
    "list_that_is_cut": Beast(
        {"a": b'[{"a":1},\n{"a":2},{"a":'}, [{"a": 1}, {"a": 2}], (("a", 2, "does not end"),)
    ),
    "list_with_a_break": Beast(
        {"a": b'[{"a":1},{"a":,},{"a":3},]'}, [{"a": 1}, {"a": 3}], (("a", 1, "no JSON"),)
    ),
    "list_of_lists": Beast(
        {"a": b'[["a"],[1]]', "b": b'{"a":1}'},
        [{"a": 1}],
        (("a", 1, 'no object: ["a"]'), ("a", 1, "no object: [1]")),
    ),
    "words_before": Beast(
        {
            "a.json": b'// made by us\n{"a":1}\n',
            "b.json": b'7\n{"a":2}\n',
            "c": b'\x1e{"a":3}\n\x1e{"a":4}\n',
            "d.jsonl": b"1\n2\n",
        },
        [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}],
        (
            ("a.json", 1, "no JSON"),
            ("b.json", 1, "no object"),
            ("d.jsonl", 1, "no object"),
            ("d.jsonl", 2, "no object"),
        ),
    ),
    "objects_without_keys": Beast(
        {"a": b"{}\n{}\n", "b": b'{}\n{"a":1}\n', "c": b'{}\n{"a":2}\n{"a"\n'},
        [{"a": None}, {"a": 1}, {"a": None}, {"a": 2}],
        (("a", 0, "no object has keys, of 2"), ("c", 3, "does not end")),
    ),
    "not_a_number": Beast(
        {"a": b'{"a":NaN,"b":{"c":1.5}}\n{"a":1.5,"b":{"c":-Infinity}}\n'},
        [{"a": None, "b": {"c": 1.5}}, {"a": 1.5, "b": {"c": None}}],
    ),
    "many_digits": Beast(
        {"a": b"id,n,m\n1234567890123456789,12345678901234567890, 5 \n2,3, 6\n"},
        [
            {"id": 1234567890123456789, "n": "12345678901234567890", "m": 5},
            {"id": 2, "n": "3", "m": 6},
        ],
    ),
    "more_digits_than_a_number_has": Beast(
        {"a": f"n,m\n{'9' * 40},1234567890123456789\n2,1.5\n".encode()},
        [{"n": "9" * 40, "m": "1234567890123456789"}, {"n": "2", "m": "1.5"}],
    ),
    "carriage_return_csv": Beast(
        {"a": b"id,n\n1,x\ry\n2,z\n"}, [{"id": 2, "n": "z"}], (("a", 2, "carriage return"),)
    ),
    "text_among_numbers": Beast(
        {name: b"id,n\n" + b"".join(b"7,%d\n" % n for n in range(5)) + b"8,n/a\n" for name in "ab"},
        [*({"id": 7, "n": str(n)} for n in range(5)), {"id": 8, "n": "n/a"}] * 2,
    ),
    "backslashes_csv": Beast(
        {
            "a": b'id,n\n1,"say \\"hi\\", or \\"ho\\""\n2,"C:\\dir\\"\n',
            "b": b'id,n\n3,"C:\\dir\\"\n4,"say ""hi"""\n',
        },
        [
            {"id": 1, "n": 'say "hi", or "ho"'},
            {"id": 2, "n": "C:\\dir\\"},
            {"id": 3, "n": "C:\\dir\\"},
            {"id": 4, "n": 'say "hi"'},
        ],
    ),
    "wide_without_mark": Beast(
        {
            "a": "id,n\n1,x\n".encode("utf-16-le"),
            "b": "id,n\n2,y\n".encode("utf-16-be"),
            "c": '{"id":3,"n":"z"}'.encode("utf-32"),
        },
        [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}, {"id": 3, "n": "z"}],
    ),
    "folders_without_text": Beast(
        {"at=%FF/f": b'{"a":1}', "at=/f": b'{"a":2}'},
        [{"a": 1, "at": "%FF"}, {"a": 2, "at": ""}],
    ),
    "folders_and_columns": Beast(
        {"a_folder=1/a=2/f": b'{"a":3,"b":4}'},
        [{"a": 3, "b": 4, "a_folder": "1", "a_folder_folder": "2"}],
    ),
    "unlike": Beast(
        {"a": b"id,n\n1,x\n", "manifest.json": b'{"files":["a"]}'},
        [{"id": 1, "n": "x", "files": None}, {"id": None, "n": None, "files": ["a"]}],
    ),
    "long_name": Beast({"y" * 250: b'{"a":1}\n{"a"'}, [{"a": 1}], (("y" * 250, 2, "not end"),)),
}
LEFT_OUT = {
    "README.md": b"# Clicks\n\nOne file a day, and so on.\n",
    "README": b"Clicks, day by day\nAsk Ann, or Bob\n",
    "docs/LICENSE.txt": b"free, for all\n",
    "SHA256SUMS": b"abc  a.csv\ndef  b.csv\n",
    "a.csv.md5": b"abc\n",
    "Thumbs.db": b"\xd0\xcf\x11\xe0",
    "load.py": b"import csv\nprint(1, 2)\n",
    "a.csv.tmp": b"id,n\n9,9\n",
    "_SUCCESS": b"",
    "_delta_log": b"{}",
    ".DS_Store": b"\0\1",
}
"""What lies beside data, in a folder that has some as well."""
BESIDE = {
    "beside_data": Beast(
        {
            **LEFT_OUT,
            "a.csv": b"id,n\n1,2\n",
            "ids.txt": b"id\n3\n",
            "notes.txt": b"remember to ask\nfor more, please, and soon\n",
            "page": b"<!DOCTYPE html>\n<p>not, found</p>\n",
            "picture": b"\x89PNG\r\n\x1a\n1234",
            "sheet": b"PK\x03\x04" + bytes(40),
            "tables": b"SQLite format 3\0" + bytes(40),
            "noise": bytes(range(256)) * 4,
            "within.gz": gzip.compress(parquet()),
        },
        [{"id": 1, "n": 2}, {"id": 3, "n": None}],
        (
            ("noise", 0, "neither text"),
            ("notes.txt", 0, "reads like notes"),
            ("page", 0, "HTML"),
            ("picture", 0, "picture"),
            ("sheet", 0, "Excel"),
            ("tables", 0, "SQLite"),
            ("within.gz", 0, "Parquet within gzip"),
        ),
    )
}
