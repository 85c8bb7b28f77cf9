"""`make test-full`: every test at full size, resumable; the result is `docs/proof.md`.

    python tools/full.py                    everything that has not passed yet with these sources
    python tools/full.py tests/pipeline     units below this path only; the report stays as it is
    python tools/full.py --again            everything once more

A *unit* is one test file (of the longest files: one test), or a part of `make test` that is not
pytest's. As many run at a time as there are cores, at most four. What a unit said and its outcome
are kept in `build/full/`, with a digest of the sources it was run on: an interrupted run goes on
where it was, and a change of sources runs everything again. Tests are run with
`FOOTFALL_TEST_FULL=1` (`tests/scale.py`). What a test counted, such as crash points, it says with
pytest's `record_property`; those numbers are the report's second table.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import verify

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
STATE = ROOT / "build" / "full"
REPORT = ROOT / "docs" / "proof.md"
UNIT_SECONDS_MAX = 2 * 60 * 60
TEST_SECONDS_MAX = 60 * 60
"""Of one test that does not say otherwise."""
SOURCES = ("src", "tests", "tools", "web", "deploy", "pyproject.toml", "requirements", "Makefile")
SPLIT = ("tests/powercut/test_power_cut.py",)
"""Files of which each test is a unit."""
JOBS_MAX = 4
SEED = 20261126
"""Of every random order and choice that takes pytest-randomly's; a failure prints it."""

_NO_TESTS = 5
_HEAD = """\
# Proof

What `make test-full` said last: every test of the tree at full size, with the counts that the tests
themselves report. `make test` runs a seeded sample of the same. Do not edit: `tools/full.py` writes
this page.
"""


class Unit(NamedTuple):
    """What is run, kept and shown as one."""

    name: str
    is_pytest: bool

    @property
    def state_file(self) -> Path:
        """Where its outcome is kept."""
        return STATE / (re.sub(r"[^A-Za-z0-9_-]+", ".", self.name) + ".json")

    @property
    def log_file(self) -> Path:
        """What it said."""
        return self.state_file.with_suffix(".log")


def main() -> int:
    """Status 0 when everything asked for has passed with the sources as they are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("paths", nargs="*", help="test files or folders; none: everything")
    parser.add_argument("--again", action="store_true", help="run what has passed already, too")
    arguments = parser.parse_args()
    STATE.mkdir(parents=True, exist_ok=True)
    sources = digest_of_sources()
    units = [unit for unit in all_units() if is_wanted(unit, arguments.paths)]
    if not units:
        print(f"test-full: nothing below {' '.join(arguments.paths)}")
        return 1
    known = {} if arguments.again else {unit: read_outcome(unit, sources) for unit in units}
    passed = {unit for unit, kept in known.items() if kept and kept["state"] == "passed"}
    print(f"{len(units)} units, {len(passed)} of them have passed already")
    # Those that are not pytest's share build directories: one after another, and first.
    for unit in units:
        if unit not in passed and not unit.is_pytest:
            known[unit] = run_unit(unit, sources)
    waiting = [unit for unit in units if unit not in passed and unit.is_pytest]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, JOBS_MAX)) as executor:
        ran = executor.map(lambda unit: run_unit(unit, sources), waiting)
        known |= dict(zip(waiting, ran, strict=True))
    outcomes = [outcome for unit in units if (outcome := known[unit]) is not None]
    if not arguments.paths:
        REPORT.write_text(report(outcomes, sources), "utf-8")
        print(f"\nwritten: {REPORT.relative_to(ROOT)}")
    return int(any(outcome["state"] != "passed" for outcome in outcomes))


def all_units() -> list[Unit]:
    """Parts of `make test` besides pytest's, then every test file."""
    files = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/**/test_*.py"))
    parts = [name for name in verify.PARTS if name != "tests"]
    # The longest first: at the end no core waits long for another.
    tests = [name for file in SPLIT for name in tests_of(file)]
    tests += [name for name in files if name not in SPLIT]
    return [Unit(name, False) for name in parts] + [Unit(name, True) for name in tests]


def tests_of(file: str) -> list[str]:
    """Tests of one file as pytest names them."""
    command = [str(BIN / "pytest"), file, "--collect-only", "-q", "-p", "no:randomly"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    )
    return [line for line in done.stdout.splitlines() if line.startswith(f"{file}::")]


def environment() -> dict[str, str]:
    """Of every test: full size, nothing left out."""
    return {**os.environ, "FOOTFALL_TEST_FULL": "1", "CI": "true"}


def is_wanted(unit: Unit, paths: list[str]) -> bool:
    """Whether the unit lies below one of the paths; without paths each does."""
    wanted = [path.rstrip("/") for path in paths]
    return not wanted or any(
        unit.name == path or unit.name.startswith((path + "/", path + "::")) for path in wanted
    )


def digest_of_sources() -> str:
    """Of every file that a test's outcome can depend on, as it lies here."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *SOURCES]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    digest = hashlib.sha256()
    for name in sorted(listed.decode().split("\0")):
        file = ROOT / name
        if name and file.is_file():
            digest.update(f"{name}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def read_outcome(unit: Unit, sources: str) -> dict[str, Any] | None:
    """What an earlier run kept, if it was of these sources."""
    try:
        kept = json.loads(unit.state_file.read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return kept if kept["sources"] == sources else None


def run_unit(unit: Unit, sources: str) -> dict[str, Any]:
    """Run one and keep its outcome."""
    started = time.monotonic()
    if unit.is_pytest:
        outcome = run_pytest(unit)
    else:
        done = verify.run_part(unit.name, verify.Run())
        outcome = {"state": done.state, "counts": {}, "properties": []}
    outcome |= {
        "name": unit.name,
        "sources": sources,
        "seconds": round(time.monotonic() - started, 1),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    unit.state_file.write_text(json.dumps(outcome, indent=1), "utf-8")
    print(f"{outcome['state']:14} {outcome['seconds']:8.1f} s  {unit.name}", flush=True)
    if outcome["state"] != "passed" and unit.is_pytest:
        print(f"  see {unit.log_file.relative_to(ROOT)}", flush=True)
    return outcome


def run_pytest(unit: Unit) -> dict[str, Any]:
    """One test file at full size; counts and properties are read from JUnit's XML."""
    results = unit.state_file.with_suffix(".xml")
    results.unlink(missing_ok=True)
    command = [str(BIN / "pytest"), unit.name, "-q", f"--timeout={TEST_SECONDS_MAX}"]
    command += [f"--randomly-seed={SEED}", f"--junitxml={results}"]
    command += ["-o", "junit_family=xunit1"]  # the other one has no properties of tests
    try:
        with unit.log_file.open("wb") as log:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=UNIT_SECONDS_MAX,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return {"state": "failed", "counts": {"limit": UNIT_SECONDS_MAX}, "properties": []}
    is_good = done.returncode in (0, _NO_TESTS)
    counts, properties = read_results(results)
    return {
        "state": "passed" if is_good else "failed",
        "counts": counts,
        "properties": properties,
    }


def read_results(file: Path) -> tuple[dict[str, int], list[list[str]]]:
    """Counts of one run, and each property as test, name, value."""
    if not file.exists():
        return {}, []
    suite = ElementTree.parse(file).getroot().find("testsuite")  # noqa: S314 (pytest wrote it)
    if suite is None:
        return {}, []
    counts = {
        name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")
    }
    properties = [
        [str(case.get("name")), str(found.get("name")), str(found.get("value"))]
        for case in suite.iter("testcase")
        for found in case.iter("property")
    ]
    return counts, properties


def commit() -> str:
    """What is checked out, and whether that is all."""
    head = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    changed = subprocess.run(
        ["git", "status", "--porcelain", *SOURCES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return head + (" and changes" if changed else "")


def report(outcomes: list[dict[str, Any]], sources: str) -> str:
    """The page."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    bad = [outcome for outcome in outcomes if outcome["state"] != "passed"]
    tests = sum(outcome["counts"].get("tests", 0) for outcome in outcomes)
    hours = sum(outcome["seconds"] for outcome in outcomes) / 3600
    verdict = "Everything passed." if not bad else f"{len(bad)} units did not pass; see below."
    summary = (
        f"**{verdict}** {tests:,} tests in {len(outcomes)} units, {hours:.1f} h,"
        f" from {min(outcome['at'] for outcome in outcomes)} to"
        f" {max(outcome['at'] for outcome in outcomes)}."
    )
    machine = (
        f"Machine: {platform.system()} {platform.release()} {platform.machine()},"
        f" {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}."
        f" Commit `{commit()}`."
        f" Seed of random order: {SEED}. Digest of the sources: `{sources}`."
    )
    counted = [
        f"| `{outcome['name']}::{test}` | {name} | {value} |"
        for outcome in outcomes
        for test, name, value in outcome["properties"]
    ]
    units = [
        f"| {outcome['name']} | {outcome['state']} | {outcome['counts'].get('tests', '')}"
        f" | {outcome['seconds']} |"
        for outcome in outcomes
    ]
    lines = [_HEAD, summary, "", machine, ""]
    lines += [
        "## What was counted",
        "",
        "| test | what | how much |",
        "|---|---|---|",
        *counted,
        "",
    ]
    lines += ["## Units", "", "| unit | outcome | tests | seconds |", "|---|---|---|---|", *units]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
