"""The page about metrics says what is exposed, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from prometheus_client.parser import text_string_to_metric_families

import footfall
from footfall.collect._app import NOT_FOUND
from footfall.collect.edge.edge import NOT_ALLOWED
from footfall.collect.metrics import CollectorMetrics
from footfall.deliver.operating.report import delivery_metrics
from footfall.home import Home
from footfall.protocols import Refusal
from footfall.studio import Status

PAGE = Path(__file__).parents[2] / "docs" / "operate" / "metrics.md"
SUFFIXES = {"counter": "_total"}


def _rows(heading: str) -> list[list[str]]:
    """Cells of the table whose first column has this heading."""
    table = PAGE.read_text("utf-8").partition(f"| {heading} |")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def test_every_metric_is_documented_with_its_kind_and_labels() -> None:
    """Alarms are written from the page: a name that is not there fires never."""
    metrics = CollectorMetrics()
    metrics.requests["aws", "accepted"] += 1
    metrics.body_bytes["aws"] += 1
    metrics.add_group(1, 0.1)
    metrics.connections_dropped = lambda: {"total": 1}
    exposed = {
        family.name + SUFFIXES.get(family.type, ""): (
            family.type,
            {name for sample in family.samples for name in sample.labels} - {"le"},
        )
        for family in text_string_to_metric_families(metrics.text().decode())
    }
    documented = {
        name.strip("`"): (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels, *_ in _rows("metric")
    }
    assert documented == exposed


def test_every_metric_of_deliveries_is_documented(tmp_path: Path) -> None:
    """With its kind, as above; each has the destination as its only label."""
    exposed = {
        family.name + SUFFIXES.get(family.type, ""): family.type
        for family in text_string_to_metric_families(
            delivery_metrics(Home(tmp_path), "default", 0).decode()
        )
    }
    documented = {
        name: line.split("|")[2].strip()
        for line in PAGE.read_text("utf-8").splitlines()
        for name in re.findall(r"`(footfall_delivery_\w+)`", line)
        if line.startswith("|")
    }
    assert documented == exposed


def test_every_outcome_is_documented() -> None:
    """A label that nobody explains is found in the middle of the night."""
    documented = [name for row in _rows("outcome") for name in re.findall(r"`(\w+)`", row[0])]
    taken = {"accepted", "quarantined", "cut", "disconnected", NOT_FOUND, NOT_ALLOWED}
    assert len(documented) == len(set(documented))
    assert {*documented} == taken | {refusal.value for refusal in Refusal}


def test_every_field_of_the_status_is_documented() -> None:
    """Pipeline and studio are watched by it."""
    documented = {name for row in _rows("field") for name in re.findall(r"`(\w+)`", row[0])}
    assert documented == {field.name for field in msgspec.structs.fields(Status)}


def test_nobody_else_exposes_metrics() -> None:
    """Another part that does belongs on the page, and in a test; live has its own."""
    package = Path(footfall.__file__).parent
    using = [
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if "prometheus_client" in file.read_text("utf-8")
    ]
    assert sorted(using) == [
        "collect/metrics.py",
        "deliver/operating/report.py",
        "live/_prometheus.py",
    ]
