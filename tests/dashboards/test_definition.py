"""Dashboards as people write them: all mistakes at once, each with its path."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.dashboards.definition import BYTES_MAX
from footfall.dashboards.reading import read_dashboard
from footfall.dashboards.statements import parameters_in
from footfall.errors import Invalid
from tests.dashboards.shop import beer, fields, placed, report, retail, sql


def problems(given: Any) -> list[str]:
    with pytest.raises(Invalid) as told:
        read_dashboard(given)
    return list(told.value.problems) or [str(told.value)]


@pytest.mark.parametrize("made", [retail(), beer()])
def test_what_is_written_is_what_is_read(made: dict[str, Any]) -> None:
    """As text, as what it holds, and read again: the same dashboard."""
    found = read_dashboard(json.dumps(made))
    assert found == read_dashboard(made) == read_dashboard(found)
    assert read_dashboard(msgspec.json.encode(found)) == found


def test_every_mistake_is_told_with_its_path() -> None:
    """Whoever mends one mistake at a time gives up at the fifth."""
    tiles = [
        {"id": "a", "chart": "pi", "place": {"x": 0, "y": 0, "w": 2, "h": 2}},
        placed(fields("pie"), "b", "", 10, 0, 3, 2),
        placed(fields("bar", x={"column": "a", "measure": "sum"}), "c", "", 0, 3, 3, 3),
        placed(fields("number", y={"measure": "sum"}), "c", "", 2, 5, 3, 3),
        placed(report("bar", "funnel", stps=[]), "d", "", 5, 5, 3, 3),
        placed(report("bar", "funel"), "e", "", 8, 5, 3, 3),
        placed({"chart": "bar"}, "f", "", 0, 9, 3, 3),
        placed({**sql("text", "SELECT 1"), "text": "x"}, "g", "", 3, 9, 3, 3),
        placed({**fields("bar"), "text": "x"}, "h h", "", 6, 9, 3, 3),
    ]
    wrong = {
        "titel": "x",
        "zone": "Europe/Berln",
        "range": {"last": 0},
        "filters": [{"all": []}],
        "sheets": [{"title": "s", "tiles": tiles}, {"title": 3}, 7],
    }
    at = "sheets[0].tiles"
    begins = [
        "titel: no such part; there are: title",
        "title: say it",
        "zone: no such IANA time zone: 'Europe/Berln'; near are: Europe/Berlin",
        "range.last: at least 1",
        "filters[0]: name one field",
        f"{at}[0].chart: Invalid enum value 'pi'",
        f"{at}[1].place: it ends beyond column 12",
        f"{at}[2].query.x.measure: x is what is grouped by",
        f"{at}[3].query.y.column: name one",
        f"{at}[3].id: another tile has it: 'c'",
        f"{at}[3].place: it lies over tile 'c'",
        f"{at}[4].query.question.no option stps",
        f"{at}[5].query.model: there are events, funnel, retention",
        f"{at}[6].query: say what it shows",
        f"{at}[7].query: a text has none",
        f"{at}[8].text: only a tile of chart",
        f"{at}[8].id: letters, digits",
        "sheets[1].title: Expected `str`, got `int`",
        "sheets[2]: an object",
    ]
    found = problems(wrong)
    unsaid = [begin for begin in begins if not any(one.startswith(begin) for one in found)]
    assert (unsaid, len(found)) == ([], len(begins))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "a dashboard is JSON"),
        ("[]", "a dashboard is a JSON object"),
        ("[" * 100_000, "a dashboard is JSON"),
        (" " * (BYTES_MAX + 1), "a dashboard has at most"),
        ({"title": "x", "sheets": []}, "sheets: from 1 to 20"),
    ],
)
def test_what_is_no_dashboard(given: Any, said: str) -> None:
    """A sentence, never a traceback; and nothing is unbounded."""
    assert any(said in one for one in problems(given))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["title", "sheets", "tiles", "place", "query", "kind", "x", "id"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(_json)
def test_anything_is_read_or_refused(made: Any) -> None:
    """Whatever JSON comes: a dashboard, or all that is wrong with it."""
    try:
        found = read_dashboard(made)
    except Invalid:
        return
    assert found.sheets


def test_parameters_are_found_where_sql_has_them() -> None:
    """A dollar in a text or a comment is no parameter: a value too many would be refused."""
    text = "SELECT '$from', \"$to\", $$ $from $$, $x$ $to $x$ -- $from\n/* $to */ WHERE a > $from"
    assert parameters_in(text) == {"from"}
    assert parameters_in("SELECT 1") == frozenset()
