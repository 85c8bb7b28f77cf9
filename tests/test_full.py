"""`make test-full`: what it keeps, what it runs again, what its report says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).resolve().parent.parent / "tools"


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.syspath_prepend(str(TOOLS))
    import full as module

    monkeypatch.setattr(module, "STATE", tmp_path)
    yield module
    for name in ("full", "verify", "web"):
        sys.modules.pop(name, None)


def outcome(name: str, state: str, **more: Any) -> dict[str, Any]:
    kept = {
        "name": name,
        "state": state,
        "sources": "abc",
        "seconds": 1.0,
        "commit": "1234567890ab",
    }
    return {
        **kept,
        "machine": "a small one",
        "at": "2026-01-01T00:00:00+00:00",
        "counts": {},
        "properties": [],
        **more,
    }


def test_an_outcome_counts_only_for_the_sources_it_was_made_with(full: Any) -> None:
    """A pass of yesterday's code proves nothing about today's."""
    unit = full.Unit("tests/test_full.py", True)
    assert full.read_outcome(unit, "abc") is None
    kept = outcome(unit.name, "passed")
    unit.state_file.write_text(json.dumps(kept))
    assert full.read_outcome(unit, "abc") == kept
    assert full.read_outcome(unit, "abd") is None
    unit.state_file.write_text(json.dumps(kept)[:-9])  # interrupted while it was written
    assert full.read_outcome(unit, "abc") is None


def test_digest_follows_every_source(full: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of any file that a test can depend on runs everything again."""
    before = full.digest_of_sources()
    assert full.digest_of_sources() == before
    monkeypatch.setattr(full, "SOURCES", [name for name in full.SOURCES if name != "Makefile"])
    assert full.digest_of_sources() != before


def test_report_says_what_failed_and_what_was_counted(full: Any) -> None:
    """A page called proof must not hide the one unit that did not pass."""
    counted = [["test_cuts", "power cuts replayed", "812"]]
    good = outcome("tests/a.py", "passed", counts={"tests": 3}, properties=counted)
    text = full.report([good])
    assert "**Everything passed.** 3 tests in 1 units" in text
    assert "- 1 units at commit `1234567890ab`" in text
    assert "| `tests/a.py::test_cuts` | power cuts replayed | 812 |" in text
    text = full.report([good, outcome("tests/b.py", "failed")])
    assert "**1 units did not pass; see below.**" in text
    assert "| tests/b.py | failed |" in text
    text = full.report([good, full.NOT_RUN | {"name": "tests/c.py"}])
    assert "**1 units were not run yet. The rest passed.** 3 tests in 1 units" in text
    assert "| tests/c.py | not run |" in text


def test_what_was_counted_stays_in_its_cell(full: Any) -> None:
    """An error of several lines, or with a bar, is not to end the table."""
    counted = [["test_cuts", "without it", "one line\nand another | more"]]
    text = full.report([outcome("tests/a.py", "passed", properties=counted)])
    assert r"| without it | one line and another \| more |" in text


def test_what_was_run_elsewhere_is_kept_until_it_is_run_here(full: Any, tmp_path: Path) -> None:
    """The page is made in several sittings; each line says of which commit it is."""
    full.OUTCOMES = tmp_path / "proof.json"
    units = [full.Unit(name, True) for name in ("tests/a.py", "tests/b.py", "tests/c.py")]
    full.OUTCOMES.write_text(
        json.dumps([outcome("tests/a.py", "passed"), outcome("tests/b.py", "failed")])
    )
    here = outcome("tests/b.py", "passed", sources="abd", commit="ffff")
    units[1].state_file.write_text(json.dumps(here))
    found = full.merged(units, "abd")
    assert [one["state"] for one in found] == ["passed", "passed", "not run"]
    assert [one["commit"] for one in found] == ["1234567890ab", "ffff", ""]


def test_what_a_test_counts_reaches_its_outcome(full: Any, tmp_path: Path) -> None:
    """Run for real: `record_property` is refused by some forms of JUnit's XML."""
    file = tmp_path / "test_counting.py"
    file.write_text("def test_cuts(record_property):\n    record_property('cuts', 812)\n")
    found = full.run_pytest(full.Unit(str(file), True))
    assert found["state"] == "passed"
    assert found["counts"] == {"tests": 1, "failures": 0, "errors": 0, "skipped": 0}
    assert found["properties"] == [["test_cuts", "cuts", "812"]]
