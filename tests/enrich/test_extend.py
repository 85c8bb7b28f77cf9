"""docs/extend/enrichment.md: its example, taken out of the page, in a pipeline with a real lake."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from footfall.enrich import Step, plan, plan_steps, registry
from footfall.enrich.step import OWN_TYPES, mistakes_of, own_field
from footfall.lake import Lake
from footfall.metadata import Metadata
from footfall.pipeline._pipeline import Pipeline
from footfall.query.engine import Engine
from footfall.settings import DEFAULT_STEPS, load_settings
from tests.pipeline.harness import START_US, Bench, Crash, Faults, event, request

PAGE = Path(__file__).parent.parent.parent / "docs" / "extend" / "enrichment.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
MODULE = next(text for kind, text in BLOCKS if kind == "python" and "footfall_country" in text)
ENTRY_POINT = next(text for kind, text in BLOCKS if "entry-points" in text)
SETTINGS = next(text for kind, text in BLOCKS if text.startswith("[enrich]"))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The example laid out as installers do."""
    site = tmp_path / "site"
    info = site / "footfall_country-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: footfall-country\nVersion: 1.0\n")
    name, _, target = ENTRY_POINT.splitlines()[1].partition(" = ")
    (info / "entry_points.txt").write_text(
        f"[footfall.enrichments]\n{name} = {target.strip(chr(34))}\n"
    )
    (site / "footfall_country.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "footfall_country", raising=False)
    registry.find_step.cache_clear()
    yield site
    registry.find_step.cache_clear()


def test_the_example_fills_its_column_in_the_lake(package: Path, tmp_path: Path) -> None:
    """Events from known zones have their country, those it raises for fail, the others do not."""
    file = tmp_path / "footfall.toml"
    file.write_text(SETTINGS)
    bench = Bench(tmp_path / "home")
    bench.settings = load_settings(file)
    assert [plan.name for plan in plan_steps(bench.settings.enrich)][-1] == "country"
    zones = ["Europe/Berlin", "Asia/Tokyo", "Mars/Olympus", "Europe/Oslo", None]
    for number, zone in enumerate(zones):
        one = event("v", START_US, number, time_zone=zone)
        bench.append([request(number, [one], START_US)])
    _once(bench.pipeline())
    tables = bench.tables()
    events = {row["time_zone"]: row for row in tables["events"].to_pylist()}
    assert {zone: row["geo_country"] for zone, row in events.items()} == {
        "Europe/Berlin": "DE",
        "Asia/Tokyo": "JP",
        "Europe/Oslo": "ZZ",
        None: None,
    }
    assert {row["page_host"] for row in events.values()} == {"shop.example"}
    (failed,) = tables["failed_events"].to_pylist()
    assert (failed["reason"], failed["log_offset"]) == ("enrichment", 2)
    assert failed["message"] == (
        "enrichment step country failed: ValueError: no such place: Mars/Olympus"
    )
    assert bench.told == []


@pytest.mark.slow
def test_the_plan_of_the_epoch_has_the_step(package: Path, tmp_path: Path) -> None:
    """A crash at any effect: what was planned is done again by its plan, not by today's list."""
    file = tmp_path / "footfall.toml"
    file.write_text(SETTINGS)
    outcomes = set()
    for die_at in range(1, 12):
        bench = Bench(tmp_path / f"home-{die_at}")
        bench.settings = load_settings(file)
        bench.append([request(0, [event("v", START_US, 0, time_zone="Europe/Oslo")], START_US)])
        with contextlib.suppress(Crash):
            _once(bench.pipeline(Faults(die_at)))
        planned = bool(Metadata.open(bench.home, bench.clock).plans_after("default", 0))
        bench.settings = load_settings()
        _once(bench.pipeline())
        (found,) = bench.tables()["events"].column("geo_country").to_pylist()
        outcomes.add((planned, found))
    assert outcomes == {(True, "ZZ"), (False, None)}


def _once(pipeline: Pipeline) -> None:
    try:
        while pipeline.step():
            pass
        pipeline.finish()
    finally:
        pipeline.close()


def test_the_pages_own_columns_are_declared_as_it_says(package: Path) -> None:
    """The second snippet of the page."""
    text = next(text for kind, text in BLOCKS if kind == "python" and "WRITES" in text)
    made: dict[str, Any] = {"pa": pa}
    exec(text, made)  # noqa: S102 (the page's own example)
    step = Step(name="weather", version=1, reads=(), writes=made["WRITES"], run=lambda *_: {})
    assert mistakes_of(step) == []
    assert set(OWN_TYPES) == {
        *(pa.string(), pa.bool_(), pa.int32(), pa.int64(), pa.float64(), pa.date32()),
        pa.timestamp("us", tz="UTC"),
    }


def test_a_column_of_a_step_s_own_is_in_the_lake_and_in_sql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is given it when a step with it is started, also one with rows; then it stays."""
    shout = own_field("shout", pa.string(), "The name, loud.")

    def run(events: pa.Table, settings: Any) -> dict[str, Any]:
        return {"shout": pc.utf8_upper(events.column("event_name"))}

    step = Step(name="loud", version=1, reads=("event_name",), writes=(shout,), run=run)
    bench = Bench(tmp_path / "home")
    _take_one(bench, 0)
    known = registry.find_step
    monkeypatch.setattr(plan, "find_step", lambda name: step if name == "loud" else known(name))
    with_step = ", ".join(f'"{name}"' for name in (*DEFAULT_STEPS, "loud"))
    bench.set(f"enrich.steps=[{with_step}]")
    _take_one(bench, 1)
    bench.set()
    _take_one(bench, 2)
    with contextlib.closing(Engine(bench.home, "default", bench.settings.query)) as engine:
        found = engine.run("SELECT log_offset, shout FROM events ORDER BY 1").table.to_pylist()
    assert [row["shout"] for row in found] == [None, "PAGE_VIEW", None]
    table = Lake(bench.home.lake_dir, "default").table("events")
    assert table.schema().find_field("shout").doc == "The name, loud."


def _take_one(bench: Bench, number: int) -> None:
    now = bench.clock.now_us()
    bench.append([request(number, [event("v", now, number)], now)])
    _once(bench.pipeline())
