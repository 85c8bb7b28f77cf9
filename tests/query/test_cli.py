"""`footfall sql`: answers on standard output, everything else on standard error."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from footfall.cli.asking.sql import sql
from footfall.cli.asking.tables import tables
from footfall.cli.terminal.table import print_rows
from footfall.errors import Invalid, Unavailable
from footfall.home import Home
from footfall.lake import TABLES, read_tables
from footfall.query.protocol import Column
from footfall.upgrade import stamp_new
from tests.query.cuts import CutWriter

COUNTS = "SELECT event_name, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
SMALL = ("--set", "query.memory_max=256MiB", "--set", "query.threads=1")


def run(shop: CutWriter, *arguments: str, stdin: str | None = None) -> Result:
    app = typer.Typer()
    app.command()(sql)
    home = ("--home", str(shop.home.root))
    return CliRunner().invoke(app, [*arguments, *home, *SMALL], input=stdin)


def test_table_is_the_default(shop: CutWriter) -> None:
    """A person sees a table; how many rows and how fresh they are is beside it."""
    found = run(shop, COUNTS)
    lines = [line.split() for line in found.stdout.splitlines() if line.strip()]
    assert (found.exit_code, lines[0], lines[2:]) == (
        0,
        ["event_name", "n"],
        [["<script>", "1"], ["a", "2"], ["b", "1"], ["c", "1"]],
    )
    assert found.stderr == "4 rows, data as of 2024-10-04 12:00:00 UTC\n"


def test_formats_for_programs(shop: CutWriter) -> None:
    """Nothing but the data is on standard output."""
    found = {
        kind: run(shop, COUNTS, "--format", kind) for kind in ("csv", "json", "parquet", "arrow")
    }
    rows = [
        {"event_name": "<script>", "n": 1},
        {"event_name": "a", "n": 2},
        {"event_name": "b", "n": 1},
        {"event_name": "c", "n": 1},
    ]
    assert found["csv"].stdout == '"event_name","n"\n"<script>",1\n"a",2\n"b",1\n"c",1\n'
    assert msgspec.json.decode(found["json"].stdout) == rows
    parquet = pq.read_table(io.BytesIO(found["parquet"].stdout_bytes))
    arrow = pa.ipc.open_stream(found["arrow"].stdout_bytes).read_all()
    assert (parquet.to_pylist(), arrow.to_pylist()) == (rows, rows)
    assert [one.stderr for one in found.values()] == [""] * 4


def test_output_goes_to_a_file_by_its_suffix(shop: CutWriter, tmp_path: Path) -> None:
    """`-o x.parquet` is enough; the format can be said as well."""
    by_suffix, named, text = tmp_path / "x.parquet", tmp_path / "data", tmp_path / "x.txt"
    run(shop, COUNTS, "--output", str(by_suffix))
    run(shop, COUNTS, "-o", str(named), "--format", "csv")
    run(shop, COUNTS, "-o", str(text))
    assert pq.read_table(by_suffix).num_rows == 4
    assert named.read_text().startswith('"event_name","n"\n')
    assert text.read_text().split()[:2] == ["event_name", "n"]
    with pytest.raises(Invalid, match="cannot write there"):
        raise run(shop, COUNTS, "-o", str(tmp_path / "no" / "x.csv")).exception or AssertionError


def test_statement_from_standard_input(shop: CutWriter) -> None:
    """Long statements come from files and here-documents."""
    found = run(shop, "-", "--format", "csv", stdin="SELECT\n  1 AS a\n;\n")
    assert found.stdout == '"a"\n1\n'


def test_parameters_have_types(shop: CutWriter) -> None:
    """What reads as a JSON number, true, false or null is one; the rest is text."""
    found = run(
        shop,
        "SELECT $n + 1 AS n, $t AS t, $q AS q, $b AS b, $z AS z, $e AS e",
        "--format",
        "json",
        *("--param", "n=41", "--param", "t=a' OR 1=1 --", "--param", 'q="5"'),
        *("--param", "b=true", "--param", "z=null", "--param", "e="),
    )
    assert msgspec.json.decode(found.stdout) == [
        {"n": 42, "t": "a' OR 1=1 --", "q": "5", "b": True, "z": None, "e": ""}
    ]
    with pytest.raises(Invalid, match="write --param name=value"):
        raise run(shop, "SELECT 1", "--param", "x").exception or AssertionError


def test_rows_cut_off_are_said(shop: CutWriter) -> None:
    """Never mistake a part for everything, whatever the format."""
    for kind in ("table", "csv", "json"):
        found = run(shop, "FROM range(10)", "--limit", "3", "--format", kind)
        assert found.stderr.startswith("footfall: only the first 3 rows; --limit or")


def test_terminal_is_not_steered_by_data(shop: CutWriter) -> None:
    """Escape sequences and markup that a visitor sent are shown as text."""
    found = run(shop, "SELECT '[red]' || chr(27) || ']0;owned' || chr(7) || chr(8238) AS v")
    assert "[red]\\x1b]0;owned\\x07\\u202e" in found.stdout
    assert "\x1b" not in found.stdout


def test_errors_are_kinds_for_the_entry_point(shop: CutWriter, tmp_path: Path) -> None:
    """`main` makes each one sentence and an exit code."""
    assert isinstance(run(shop, "DROP VIEW events").exception, Invalid)
    stamp_new(Home(tmp_path))
    assert isinstance(run(CutWriter(tmp_path), "SELECT 1").exception, Unavailable)


def test_exit_codes_and_messages_of_the_real_command(shop: CutWriter, tmp_path: Path) -> None:
    """One sentence on standard error and no traceback: 2 for mistakes, 1 for the rest."""
    empty = Home(tmp_path)
    stamp_new(empty)
    done = [
        subprocess.run(
            [sys.executable, "-m", "footfall.cli.main", "sql", statement, "--home", home, *SMALL],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for statement, home in (
            ("SELECT 1 AS a", str(shop.home.root)),
            ("FROM visits", str(shop.home.root)),
            ("SELECT 1", str(empty.root)),
        )
    ]
    assert [one.returncode for one in done] == [0, 2, 1]
    assert done[1].stderr == (
        "footfall: no such table; there are events, failed_events, query_results,"
        " session_revisions, sessions:"
        " name=visits\n"
    )
    assert (done[2].stdout, done[2].stderr.count("\n")) == ("", 1)


def _printed(width: int, rows: list[list[Any]], names: tuple[str, ...]) -> list[str]:
    stream = io.StringIO()
    columns = tuple(Column(name, "VARCHAR") for name in names)
    print_rows(Console(file=stream, width=width), columns, rows)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", [41, 40])
def test_rows_wider_than_the_terminal_are_shown_one_value_a_line(width: int) -> None:
    """Folded cells cannot be read; one column less than the table needs, and it is turned."""
    lines = _printed(width, [["https://shop.example/boots", "ada", None]], ("page", "who", "x"))
    if width == 41:
        assert lines[1].split() == ["page", "who", "x"]
    else:
        assert lines == ["row 1", "page https://shop.example/boots", "who  ada"]


def test_many_columns_are_shown_one_value_a_line() -> None:
    """Ninety columns in a terminal's width are not readable as a table."""
    names = tuple(f"column_{n}" for n in range(30))
    lines = _printed(80, [["x", None, *["y"] * 28]], names)
    assert lines[:3] == ["row 1", "column_0  x", "column_2  y"]
    assert len(lines) == 30


def test_formats_that_there_are_none_of_are_refused(shop: CutWriter, tmp_path: Path) -> None:
    """A table in a file called `.xlsx` opens nowhere; nothing is written."""
    file = tmp_path / "visits.xlsx"
    error = run(shop, COUNTS, "-o", str(file)).exception
    assert str(error) == (
        "no format .xlsx; there are: .csv, .json, .parquet, .arrow, and .txt for a table; or say"
        " which with --format"
    )
    assert not file.exists()
    assert run(shop, COUNTS, "-o", str(file), "--format", "csv").exit_code == 0


@pytest.mark.parametrize("statement", ["SHOW TABLES", " show\n tables ; "])
def test_tables_are_shown(shop: CutWriter, statement: str) -> None:
    """What people type first in any database."""
    found = run(shop, statement, "--format", "json")
    names = [
        {"name": name}
        for name in (
            "events",
            "failed_events",
            "query_results",
            "session_revisions",
            "sessions",
        )
    ]
    assert msgspec.json.decode(found.stdout) == names


def test_a_table_is_described(shop: CutWriter) -> None:
    """The second thing that people type."""
    found = msgspec.json.decode(run(shop, "DESCRIBE sessions", "--format", "json").stdout)
    assert [row["column_name"] for row in found] == [
        c.name for c in (*TABLES["sessions"].columns, *TABLES["sessions"].computed)
    ]


def test_tables_verb_counts_rows_and_explains_columns(shop: CutWriter) -> None:
    """All counts are of one cut; each column has its meaning beside it."""
    app = typer.Typer()
    app.command()(tables)
    home = ("--home", str(shop.home.root))
    counted = CliRunner().invoke(app, ["--json", *home])
    counts = {row["table"]: row["rows"] for row in msgspec.json.decode(counted.stdout)}
    events = msgspec.json.decode(
        run(shop, "SELECT count(*) AS n FROM events", "--format", "json").stdout
    )
    assert counts["events"] == events[0]["n"] > 0
    assert set(counts) == {spec.name for spec in read_tables()}
    shown = CliRunner().invoke(app, ["events", *home]).stdout.splitlines()
    assert shown[0].split()[:3] == ["event_id", "UUID", "The"]
    assert len(shown) == len(TABLES["events"].columns)
    with pytest.raises(Invalid, match="no such table; there are: events, sessions, failed_events"):
        raise CliRunner().invoke(app, ["visits", *home]).exception or AssertionError
