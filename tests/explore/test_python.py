"""The models in Python: what is documented works, in notebooks, too."""

from __future__ import annotations

import doctest
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

import footfall
from footfall.errors import Invalid
from footfall.explore import asked
from footfall.explore.access import Project
from footfall.testing.events import NOON_US, event_table
from tests.explore import notebook
from tests.query.cuts import CutWriter, query_settings
from tests.scale import IS_FULL

PAGE = (Path(__file__).parents[2] / "docs/concepts/explore.md").read_text("utf-8")
HOUR = 3_600_000_000
DAYS = ("2024-10-04", "2024-10-05")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    writer = CutWriter(tmp_path_factory.mktemp("python") / "home")
    names = ("page_view", "add_to_cart", "purchase", "page_view")
    paths = ("/a", None, None, "<script>")
    writer.to_tail(
        "events",
        event_table(
            {
                "event_name": name,
                "visitor_id": f"v{number // 3}",
                "event_time": NOON_US + number * HOUR,
                "page_path": path,
            }
            for number, (name, path) in enumerate(zip(names, paths, strict=True))
        ),
    )
    writer.publish()
    return writer.home.root


@pytest.fixture(scope="module")
def shop(home: Path) -> Iterator[Project]:
    with Project(home, settings=query_settings()) as opened:
        yield opened


def test_examples_of_docstrings(home: Path) -> None:
    """What a docstring shows is what comes out."""
    found = doctest.testmod(asked, extraglobs={"home": home, "footfall": footfall})
    assert (found.failed, found.attempted) == (0, 4)


def test_examples_of_the_page(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of docs/concepts/explore.md runs as it is."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    home.with_name("footfall-data").symlink_to(home)
    monkeypatch.chdir(home.parent)
    exec(compile(code, "explore.md", "exec"), {})  # noqa: S102 (our own page)


def test_what_the_table_beside_others_names_is_a_test() -> None:
    """Each row of features says which test holds it: one that exists."""
    held = re.findall(r"\| \[`(\w+)`[^\]]*\]\(\.\./\.\./(tests/[\w/]+\.py)\) \|", PAGE)
    assert len(held) > 20
    for name, file in held:
        text = (Path(__file__).parents[2] / file).read_text("utf-8")
        assert f"def {name}(" in text or Path(file).stem == name, (name, file)


@pytest.mark.parametrize("file", notebook.files(), ids=lambda file: file.stem)
def test_notebooks_of_the_docs(file: Path, tmp_path: Path) -> None:
    """They run from top to bottom, and show what they are printed with."""
    written = json.loads(file.read_text("utf-8"))
    with notebook.at_home(tmp_path):
        outputs = notebook.run(written)
    kept = [one["outputs"] for one in written["cells"] if one["cell_type"] == "code"]
    assert json.loads(json.dumps(outputs)) == kept, "run: python -m tests.explore.notebook"
    assert file.stat().st_size < notebook.BYTES_MAX


def test_a_result_is_a_chart_and_a_table(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every model; without Altair the table, and a sentence to who asks for the chart."""
    views: dict[str, Any] = {"range": DAYS}
    results = [
        shop.events("page_view", by="page_path", **views),
        shop.funnel("page_view", "purchase", by="page_path", **views),
        shop.retention(periods=1, **views),
        shop.path(nodes="events", per="visitor", **views),
        shop.lifecycle(unit="day", **views),
        shop.attribution("purchase", "page_view", **views),
        shop.compare("page_path", "purchase", **views),
    ]
    for found in results:
        bundle = found._repr_mimebundle_()
        (kind,) = [one for one in bundle if one.startswith("application/vnd.vegalite.v")]
        json.dumps(bundle[kind])
        assert "<table>" in bundle["text/html"]
    drawn = results[1].chart().to_dict()
    values = {(row["step"], row["part"]): row["count"] for row in drawn["data"]["values"]}
    assert values == {(1, "/a"): 1, (2, "/a"): 1, (1, "<script>"): 1, (2, "<script>"): 0}
    monkeypatch.setitem(sys.modules, "altair", None)
    assert set(results[0]._repr_mimebundle_()) == {"text/plain", "text/html"}
    with pytest.raises(Invalid, match=r"footfall\[notebook\]"):
        results[0].chart()


def test_charts_have_the_days_of_the_question(shop: Project) -> None:
    """A day begins where the question's zone has it, wherever the notebook is read."""
    views: dict[str, Any] = {"range": DAYS, "zone": "Asia/Tokyo"}
    results = {
        "start": [shop.events("page_view", **views), shop.lifecycle(unit="day", **views)],
        "cohort": [shop.retention(periods=1, **views)],
    }
    for name, each in results.items():
        for found in each:
            drawn = found.chart().to_dict()
            starts = {row[name] for row in drawn["data"]["values"]}
            assert starts == {f"{day}T00:00:00Z" for day in DAYS}
            text = json.dumps(drawn["encoding"] if "encoding" in drawn else drawn["layer"])
            assert '"utc"' in text or "utcyear" in text


def test_charts_say_what_they_count(shop: Project) -> None:
    """Shares are percentages, bars say their number, an axis its unit."""
    steps = shop.funnel("page_view", "purchase", range=DAYS, per="session").chart().to_dict()
    assert [row["said"] for row in steps["data"]["values"]] == ["0", "0"]
    assert steps["layer"][0]["encoding"]["x"]["title"] == "sessions"
    steps = shop.funnel("page_view", "purchase", range=DAYS).chart().to_dict()
    assert [row["said"] for row in steps["data"]["values"]] == ["2 (100.0%)", "1 (50.0%)"]
    again = shop.retention(periods=1, unit="week", range=DAYS).chart().to_dict()
    assert again["layer"][0]["encoding"]["x"]["title"] == "weeks later"
    assert again["layer"][1]["encoding"]["text"]["format"] == ".0%"
    rates = shop.compare("page_path", "purchase", range=DAYS).chart().to_dict()
    assert rates["layer"][0]["encoding"]["x"]["axis"] == {"format": ".0%"}


def test_a_notebook_shows_both(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """One below the other; of one bundle with both it would choose one."""
    shown: list[list[str]] = []
    display = SimpleNamespace(display=lambda bundle, raw: shown.append(sorted(bundle)))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    shop.funnel("page_view", "purchase", range=DAYS)._ipython_display_()
    (chart, _), table = shown
    assert chart.startswith("application/vnd.vegalite.v")
    assert table == ["text/html", "text/plain"]


def test_every_form_has_the_same_rows(shop: Project) -> None:
    """Arrow, Polars and what is shown; groups and starts are columns."""
    found = shop.events("page_view", by="page_path", range=DAYS, granularity="week")
    frame = found.to_polars()
    assert frame.columns[:3] == ["start", "page_path", "series"]
    groups = frame.filter(pl.col("start").is_null(), pl.col("scope") == "group")
    assert groups.select("page_path", "value").rows() == [("/a", 1.0), ("<script>", 1.0)]
    assert found.to_arrow().num_rows == len(found) == len(found.rows)
    assert "<script>" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
    cohorts = shop.retention(range=DAYS, periods=1).to_polars()
    assert cohorts.filter(pl.col("cohort").is_null())["size"].to_list() == [2, 2]


def test_short_forms_are_the_long_ones(shop: Project) -> None:
    """Who types less asks the same."""
    short = shop.funnel(
        "page_view", {"event": "purchase", "where": {"page_path": "/a", "os": "x"}}, range=DAYS
    )
    both = [
        {"field": name, "op": "is", "value": value}
        for name, value in (("page_path", "/a"), ("os", "x"))
    ]
    assert (
        short.question.steps[1].where
        == shop.funnel(
            {"event": "page_view"},
            {"event": "purchase", "where": {"all": both}},
            range={"start": DAYS[0], "end": DAYS[1]},
        )
        .question.steps[1]
        .where
    )
    with pytest.raises(Invalid, match="48h, 30d, 12w or 6mo"):
        shop.funnel("a", "b", range="a while")


NOWHERE = "http://127.0.0.1:9"
MISTAKES: dict[str, Any] = {
    "windw; near are: window": lambda shop: shop.funnel("a", "b", windw="1d"),
    "'lienar'; it is one of first, last, linear, markov, position, time_decay": lambda shop: (
        shop.attribution("purchase", field="source", model="lienar")
    ),
    r"'visitor' - at `\$\[0\].measure`; it is one of avg, distinct, events,": lambda shop: (
        shop.events("page_view", measure="visitor")
    ),
    "'visitors'; it is one of session, user, visitor": lambda shop: shop.retention(per="visitors"),
    "no field 'page_pth'; near are: page_path": lambda shop: shop.events("a", by="page_pth"),
    "near are: Europe/Berlin": lambda shop: shop.events("page_view", zone="Berlin"),
    "a mapping such as .* in no list: 7": lambda shop: shop.funnel(7, "b"),
    r"in no list: \['a', 'b'\]": lambda shop: shop.funnel(["a", "b"]),
    "a cell is a row of the answer": lambda shop: shop.events("page_view").visitors(3),
    "a cell is what an answer's row has": lambda shop: shop.events("page_view").visitors("x"),
    "footfall token create makes one": lambda _: footfall.open(NOWHERE, token=NOWHERE),
    "give a token": lambda _: footfall.open(NOWHERE),
    "begins with http:// or https://: ftp": lambda _: footfall.open("ftp://shop.example"),
    "begins with http:// or https://: 127": lambda _: footfall.open("127.0.0.1:7701"),
}
"""What is said of each, as a pattern."""


@pytest.mark.parametrize("said", list(MISTAKES))
def test_a_mistake_has_one_clear_sentence(shop: Project, said: str) -> None:
    """It names what is wrong and what may stand there; no traceback from within."""
    with pytest.raises(Invalid, match=said):
        MISTAKES[said](shop)


def test_a_formula_opens_to_nobody(shop: Project) -> None:
    """It says what to open instead."""
    found = shop.events("page_view", formulas=["A * 2"], range=DAYS)
    with pytest.raises(Invalid, match="one of its series"):
        found.visitors(found.rows[1])


def test_the_relation_is_still_there(shop: Project) -> None:
    """`shop.events` is the view as before; called, it is a question."""
    assert len(shop.events) == 4
    assert shop.sql("SELECT count(*) AS n FROM events").rows() == [{"n": 4}]


def test_light_processes_stay_light() -> None:
    """The studio knows the questions' types without the engine and without the maker of SQL."""
    code = (
        "import sys, footfall, footfall.studio;"
        "print([m for m in ('duckdb', 'pyarrow', 'sqlglot', 'polars') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


USERS_FILE = """
import polars as pl
import footfall

shop = footfall.open("footfall-data")
views = shop.events("page_view", measure="visitors", by="page_path", range="30d")
value: float | None = views.answer.rows[0].value
frame: pl.DataFrame = views.to_polars()
who: list[str | None] = views.visitors(views.rows[0])
reached: int = shop.funnel("a", "b", step_times=True).answer.rows[0].count
took: float | None = shop.funnel("a", "b").answer.step_times[0].median_seconds
back: float | None = shop.retention(start="a").answer.rows[0].rate
way: str | None = shop.path(node="/a").answer.rows[0].next_label
days: float | None = shop.lifecycle(unit="day").answer.stickiness[0].days
credit: float = shop.attribution("b", field="source").answer.rows[0].credit
verdict: str = shop.compare("properties.v", "b").answer.groups[0].verdict
remote = footfall.open("http://127.0.0.1:7701", token="ff_x")
sql: str = remote.lifecycle().sql
"""

if IS_FULL:

    def test_a_users_file_is_typed(tmp_path: Path) -> None:
        """What answers have is known to an editor, and to a strict checker of types."""
        file = tmp_path / "user.py"
        wrong = USERS_FILE + "number: int = shop.compare('v', 'b').answer.verdict\\n"
        for code, mistakes in ((USERS_FILE, 0), (wrong, 1)):
            file.write_text(code)
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "mypy",
                    "--strict",
                    "--no-error-summary",
                    "--config-file=",
                    str(file),
                ],
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
                cwd=tmp_path,
            )
            assert len(done.stdout.splitlines()) == mistakes, done.stdout
