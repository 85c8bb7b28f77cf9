"""The models in a terminal: real verbs, over real workers and a cut."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from footfall.cli.asking.explore_tables import BAR_WIDTH, bar, print_on
from footfall.explore.answer import FunnelAnswer, FunnelRow
from footfall.testing.events import NOON_US, event_table
from tests.cli.shell import refused, run_here
from tests.query.cuts import CutWriter

HOUR = 3_600_000_000
DAYS = ("--from", "2024-10-04", "--to", "2024-10-05")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two visitors who look, one who buys, on two days."""
    writer = CutWriter(tmp_path_factory.mktemp("cli") / "home")
    rows = (("view", "v1", 0, "/a"), ("view", "v2", 1, "\x1b[31m"), ("buy", "v1", 24, None))
    writer.to_tail(
        "events",
        event_table(
            {
                "event_name": name,
                "visitor_id": visitor,
                "event_time": NOON_US + hours * HOUR,
                "page_path": path,
                "properties": '{"size": 3}',
            }
            for name, visitor, hours, path in rows
        ),
    )
    writer.publish()
    (writer.home.root / "footfall.toml").write_text("[query]\nmemory_max = '256MiB'\nthreads = 1\n")
    return writer.home.root


def lines(*arguments: str, home: Path) -> list[list[str]]:
    done = run_here(*arguments, "--home", str(home))
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines() if line.strip(" ─")]


def test_trend(home: Path) -> None:
    """Days below each other, groups beside each other; text that steers terminals is shown."""
    found = lines("trend", "view", *DAYS, "--by", "page_path", "--where", "value<3", home=home)
    assert found == [
        ["from", "view"],
        ["2024-10-04", "0"],
        ["2024-10-05", "0"],
        ["all", "0"],
    ]
    found = lines("trend", "view", *DAYS, "--by", "page_path", "--where", "page_path~3", home=home)
    assert found == [
        ["from", "view", "\\x1b[31m"],
        ["2024-10-04", "1", "1"],
        ["2024-10-05", "0", "0"],
        ["all", "1", "1"],
    ]


def test_funnel(home: Path) -> None:
    """Steps with how many reached them, shares and who dropped out."""
    found = lines("funnel", "view", "buy", *DAYS, "--where", "properties.size>=2", home=home)
    assert found[1:] == [
        ["1", "view", "2", "100.0%", "100.0%", "1"],
        ["2", "buy", "1", "50.0%", "50.0%", "0"],
    ]


def test_retention(home: Path) -> None:
    """A line a cohort; periods beside each other."""
    found = lines("retention", "--start", "view", "--periods", "1", *DAYS, home=home)
    assert found[0] == ["group", "cohort", "size", "0", "1"]
    assert ["2024-10-04", "2", "0.0%", "…", "50.0%", "…"] in found


def test_paths(home: Path) -> None:
    """A line for each way, the shown ones first, the end last."""
    found = lines("paths", "--nodes", "events", "--per", "visitor", "--gap", "2d", *DAYS, home=home)
    assert found == [
        ["step", "at", "next", "count"],
        ["1", "view", "buy", "1"],
        ["1", "view", "(end)", "1"],
        ["2", "buy", "(end)", "1"],
    ]


@pytest.mark.slow
def test_further_models(home: Path) -> None:
    """The same options, and numbers that anybody can count in five rows."""
    found = lines("lifecycle", "--unit", "day", *DAYS, home=home)
    assert found[1:] == [["2024-10-04", "2", "0", "0", "0"], ["2024-10-05", "0", "1", "0", "1"]]
    found = lines("attribution", "buy", "view", "--model", "linear", *DAYS, home=home)
    assert found[1:] == [
        ["view", "2", "1", "1", "100.0%"],
        ["(direct)", "0", "0", "0", "0.0%"],
    ]
    found = lines("compare", "app_id", "buy", *DAYS, home=home)
    assert found[1][:5] == ["shop", "2", "1", "50.0%", "control"]
    assert found[2][:3] == ["Nothing", "to", "compare:"]
    before = lines("funnel", "view", "buy", "--from", "2024-10-05", "--previous", home=home)
    at = before.index(["1", "view", "0", "0"])
    assert [line[:3] for line in before[at:] if "before," in line] == [["the", "range", "before,"]]
    assert ["1", "view", "2", "100.0%", "100.0%", "1"] in before
    inside = lines("trend", "--where", "properties.size=2..3", *DAYS, home=home)
    assert inside[-1] == ["all", "3"]
    assert lines("trend", "--where", "properties.size=4..9", *DAYS, home=home)[-1] == ["all", "0"]


def test_bars_are_for_those_who_look() -> None:
    """On a terminal a number has a bar as long as it is, to an eighth of a column."""
    assert [bar(share, 2) for share in (0, 0.5, 1 / 16, 1, 7)] == ["", "█", "▏", "██", "██"]
    row = ("all", (), 1, "view", 4, 1.0, 1.0, 3, "", "")
    steps = (FunnelRow(*row), FunnelRow(*row[:2], 2, "buy", 1, 0.25, 0.25, 0, "", None))
    about = {"start": "", "end": "", "by": (), "sql": "", "cut_sequence": 1, "cut_published_at": 1}
    answer = FunnelAnswer(**about, rows=steps, speeds=(), times=())
    for is_seen, expected in ((True, [BAR_WIDTH, BAR_WIDTH // 4]), (False, [0, 0])):
        console = Console(width=120, record=True, file=StringIO())
        print_on(console, "funnel", answer, is_seen)
        drawn = [line.count("█") for line in console.export_text().splitlines() if "%" in line]
        assert drawn == expected


def test_json_is_the_answer(home: Path) -> None:
    """A program gets what HTTP gives, with cells and the statement."""
    done = run_here("funnel", "view", "buy", *DAYS, "--json", "--home", str(home))
    answer = json.loads(done.stdout)
    assert [row["count"] for row in answer["rows"]] == [2, 1]
    assert answer["sql"].startswith("WITH e AS")


def test_mistakes_are_one_sentence(home: Path) -> None:
    """With what is valid."""
    place = ("--home", str(home))
    assert "write --where field=value" in refused("trend", "--where", "page_path", *place)
    assert "48h, 30d, 12w or 6mo" in refused("trend", "--last", "soon", *place)
    assert "--from as well" in refused("trend", "--to", "2024-10-04", *place)


def test_groups_and_files_of_numbers(home: Path) -> None:
    """`--by` of every model, in a table and as CSV, which has what Python has."""
    both = ("--by", "page_path", *DAYS)
    heads = {
        ("lifecycle", "--unit", "day"): "from",
        ("attribution", "buy", "view"): "touch",
        ("compare", "app_id", "buy"): "variant",
        ("paths", "--nodes", "events", "--per", "visitor"): "step",
    }
    for asked, head in heads.items():
        found = lines(*asked, *both, home=home)
        assert found[0][:2] == ["group", head]
        assert {"/a"} <= {line[0] for line in found[1:]} or asked[0] == "attribution"
    done = run_here("compare", "app_id", "buy", *both, "--csv", "--home", str(home))
    rows = list(csv.DictReader(StringIO(done.stdout)))
    assert [(row["page_path"], row["scope"], row["size"], row["count"]) for row in rows] == [
        ("", "all", "2", "1"),
        ("\x1b[31m", "group", "1", "0"),
        ("/a", "group", "1", "1"),
    ]
    assert "either --json or --csv" in refused("trend", "--json", "--csv", "--home", str(home))
