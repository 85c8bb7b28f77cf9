"""`footfall.open` in Python and notebooks."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import footfall
from footfall.errors import Invalid, Unavailable
from footfall.query.access import Lake
from footfall.testing.events import event_table
from tests.query.cuts import CutWriter, query_settings


@pytest.fixture
def lake(shop: CutWriter) -> Iterator[Lake]:
    with Lake(shop.home.root, settings=query_settings()) as opened:
        yield opened


def test_open_gives_rows_in_every_form(shop: CutWriter) -> None:
    """One line from an installation to a frame, with the same guard and newest data as anywhere."""
    with footfall.open(shop.home.root) as lake:
        found = lake.sql(
            "SELECT event_name AS name, max(event_time) AS last FROM events"
            " WHERE event_name = $name GROUP BY 1",
            name="b",
        )
    moment = dt.datetime(2024, 10, 4, 12, 0, 2, tzinfo=dt.UTC)
    assert found.rows() == [{"name": "b", "last": moment}]
    assert found.polars().rows() == [("b", moment)]
    assert found.arrow().column_names == ["name", "last"]
    assert (len(found), repr(found)) == (1, "<Result: 1 rows: name, last>")


def test_values_by_place(lake: Lake) -> None:
    """`?` is as good as a name; both at once is a mistake."""
    assert lake.sql("SELECT ? + ? AS n", 1, 2).rows() == [{"n": 3}]
    with pytest.raises(Invalid, match="not both"):
        lake.sql("SELECT ? + $a", 1, a=2)


def test_guard_holds_in_python_too(lake: Lake) -> None:
    """A statement pasted into a notebook can do no more than one on the page."""
    secret = pa.table({"a": [1]})
    with pytest.raises(Invalid, match="no such table"):
        lake.sql("FROM secret")
    with pytest.raises(Invalid, match="only a SELECT"):
        lake.sql("COPY events TO 'x.csv'")
    assert secret.num_rows == 1


def test_relations_read_the_newest_cut(tmp_path: Path) -> None:
    """A relation in a notebook is as fresh as the cell that is run."""
    writer = CutWriter(tmp_path / "home")
    writer.to_tail("events", event_table([{}]))
    writer.publish()
    with Lake(writer.home.root, settings=query_settings()) as lake:
        events = lake.events
        counts = [len(events), events.arrow().num_rows]
        writer.to_tail("events", event_table([{}, {}]))
        writer.publish()
        counts += [len(events), events.polars().height, len(lake.sessions)]
        counts.append(len(lake.failed_events))
    assert counts == [1, 1, 3, 3, 0, 0]


def test_notebook_shows_text_as_text(lake: Lake) -> None:
    """An event named like a script is shown, not run; so is a column, and text within lists."""
    hostile = "<script>alert(1)</script>"
    shown = lake.sql(f'SELECT $v AS "{hostile}", [$v] AS l, NULL AS n', v=hostile)._repr_html_()
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"
    assert "<script" not in shown
    assert shown == (
        f'<table><thead><tr><th title="VARCHAR">{escaped}</th><th title="VARCHAR[]">l</th>'
        '<th title="&quot;NULL&quot;">n</th></tr></thead><tbody><tr>'
        f"<td>{escaped}</td><td>[&quot;{escaped}&quot;]</td><td><i>null</i></td>"
        "</tr></tbody></table>"
    )
    assert "&lt;script&gt;" in lake.events._repr_html_()
    assert "<script" not in lake.events._repr_html_()


def test_notebook_shows_the_first_rows_and_says_so(lake: Lake) -> None:
    """A display is short; nobody takes it for everything."""
    shown = lake.sql("SELECT a FROM range(1020) t(a)")._repr_html_()
    assert shown.count("<td>") == 20
    assert shown.endswith("<p>1,000 more rows</p>")


def test_rows_can_be_limited(shop: CutWriter) -> None:
    """On request only: a frame that is silently short is worse than a slow one."""
    with Lake(shop.home.root, settings=query_settings(), rows_max=2) as lake:
        found = lake.sql("FROM range(5)")
        assert (len(found), found.is_cut_off) == (2, True)
        assert found._repr_html_().endswith("<p>there are more rows</p>")


def test_mistakes_of_the_caller(tmp_path: Path) -> None:
    """A project's name never becomes a path; a home without data says what to do."""
    with pytest.raises(Invalid, match="not the name of a project"):
        footfall.open(tmp_path, "../other")
    with footfall.open(tmp_path) as lake, pytest.raises(Unavailable, match="footfall serve"):
        lake.sql("SELECT 1")


def test_importing_footfall_is_cheap() -> None:
    """Every process of the server imports the package; engines come with `open` alone."""
    code = "import footfall, sys; print([m for m in ('duckdb', 'pyarrow') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"
