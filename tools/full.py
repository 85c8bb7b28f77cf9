"""`make test-full`: every test at full size, resumable; the result is `docs/proof.md`.

    python tools/full.py                    everything that has not passed yet with these sources
    python tools/full.py tests/pipeline     units below this path only
    python tools/full.py --again            everything once more
    python tools/full.py --report           nothing; the report is written of what is known

A *unit* is one test file (of the longest files: one test), or a part of `make test` that is not
pytest's. As many run at a time as there are cores, at most four. What a unit said and its outcome
are kept in `build/full/`, with a digest of the sources it was run on: an interrupted run goes on
where it was, and a change of sources runs everything again. The last outcome of each unit is in
`docs/proof.json` too, with the commit it was of, so the report can be made in several sittings and
says what each line is worth. Tests are run with
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
from collections import Counter
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
OUTCOMES = ROOT / "docs" / "proof.json"
UNIT_SECONDS_MAX = 2 * 60 * 60
TEST_SECONDS_MAX = 60 * 60
"""Of one test that does not say otherwise."""
SOURCES = ("src", "tests", "tools", "web", "deploy", "pyproject.toml", "requirements", "Makefile")
SPLIT = ("tests/powercut/test_power_cut.py",)
"""Files of which each test is a unit."""
SEED = 20261126
"""Of every random order and choice that takes pytest-randomly's; a failure prints it."""

NOT_RUN = {
    "state": "not run",
    "counts": {},
    "properties": [],
    "seconds": 0.0,
    "at": "",
    "commit": "",
}
_NO_TESTS = 5
_HEAD = """\
# Proof

What `make test-full` said last of each part of the tests, at full size, with the counts that the
tests themselves report. `make test` runs a seeded sample of the same. Do not edit: `tools/full.py`
writes this page.
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
    parser.add_argument("--report", action="store_true", help="run nothing")
    arguments = parser.parse_args()
    STATE.mkdir(parents=True, exist_ok=True)
    sources = digest_of_sources()
    units = all_units()
    wanted = [] if arguments.report else [u for u in units if is_wanted(u, arguments.paths)]
    if not wanted and not arguments.report:
        print(f"test-full: nothing below {' '.join(arguments.paths)}")
        return 1
    run_all(wanted, sources, again=arguments.again)
    outcomes = merged(units, sources)
    OUTCOMES.write_text(json.dumps(outcomes, indent=1) + "\n", "utf-8")
    REPORT.write_text(report(outcomes), "utf-8")
    print(f"\nwritten: {REPORT.relative_to(ROOT)}")
    asked = {unit.name for unit in wanted}
    return int(any(one["state"] != "passed" for one in outcomes if one["name"] in asked))


def run_all(units: list[Unit], sources: str, *, again: bool) -> None:
    """Run those that have not passed with these sources."""
    waiting = [unit for unit in units if again or not has_passed(unit, sources)]
    print(f"{len(units)} units, {len(units) - len(waiting)} of them have passed already")
    # Those that are not pytest's share build directories: one after another, and first.
    for unit in waiting:
        if not unit.is_pytest:
            run_unit(unit, sources)
    with ThreadPoolExecutor(verify.CORES) as executor:
        for unit in waiting:
            if unit.is_pytest:
                executor.submit(run_unit, unit, sources)


def has_passed(unit: Unit, sources: str) -> bool:
    """Whether it did with these sources."""
    kept = read_outcome(unit, sources)
    return kept is not None and kept["state"] == "passed"


def merged(units: list[Unit], sources: str) -> list[dict[str, Any]]:
    """The last outcome of each unit: of these sources, else of the commit it was run at."""
    try:
        before = {one["name"]: one for one in json.loads(OUTCOMES.read_text("utf-8"))}
    except (FileNotFoundError, json.JSONDecodeError):
        before = {}
    return [
        read_outcome(unit, sources) or before.get(unit.name) or NOT_RUN | {"name": unit.name}
        for unit in units
    ]


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
        "commit": commit(),
        "machine": machine(),
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
    command += ["-o", f"faulthandler_timeout={UNIT_SECONDS_MAX}"]  # not that of `make test`
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


def machine() -> str:
    """What it runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores,"
        f" {memory:.0f} GiB, Python {platform.python_version()}"
    )


def _cell(text: str) -> str:
    """Text as it can stand in a table of Markdown: in one line, without a column of its own."""
    return " ".join(text.split()).replace("|", "\\|")


def report(outcomes: list[dict[str, Any]]) -> str:
    """The page."""
    ran = [outcome for outcome in outcomes if outcome["at"]]
    bad = sum(outcome["state"] != "passed" for outcome in ran)
    missing = len(outcomes) - len(ran)
    verdict = "Everything passed." if not bad else f"{bad} units did not pass; see below."
    if missing:
        verdict = f"{missing} units were not run yet. " + verdict.replace("Everything", "The rest")
    tests = sum(outcome["counts"].get("tests", 0) for outcome in ran)
    hours = sum(outcome["seconds"] for outcome in ran) / 3600
    times = sorted(outcome["at"] for outcome in ran) or ["never"]
    summary = (
        f"**{verdict}** {tests:,} tests in {len(ran)} units, {hours:.1f} h of work, from {times[0]}"
        f" to {times[-1]}. Seed of random order: {SEED}."
    )
    commits = Counter(outcome["commit"] for outcome in ran)
    machines = sorted({outcome["machine"] for outcome in ran})
    grounds = [f"- {count} units at commit `{name}`" for name, count in commits.most_common()]
    grounds += [f"- machine: {name}" for name in machines]
    counted = [
        f"| `{outcome['name'].partition('::')[0]}::{test}` | {name} | {_cell(value)} |"
        for outcome in outcomes
        for test, name, value in outcome["properties"]
    ]
    units = [
        f"| {outcome['name']} | {outcome['state']} | {outcome['counts'].get('tests', '')}"
        f" | {outcome['seconds']} | {outcome['commit'][:7]} |"
        for outcome in outcomes
    ]
    lines = [_HEAD, summary, "", *grounds, ""]
    lines += [
        "## What was counted",
        "",
        "| test | what | how much |",
        "|---|---|---|",
        *counted,
        "",
    ]
    lines += [
        "## Units",
        "",
        "| unit | outcome | tests | seconds | commit |",
        "|---|---|---|---|---|",
        *units,
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
