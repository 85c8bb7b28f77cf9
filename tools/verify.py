"""`make test`: run every part, go on after a failure, and say at the end what ran and what did not.

    python tools/verify.py                all parts
    python tools/verify.py style types    these parts

With all parts some run beside the tests, which wait for disks, servers and clocks; what they say is
told after them.

A part that cannot run here (no Node, no front end yet) is named with the reason; with CI=true in
the environment it counts as failed, so that a continuous integration never passes by leaving
something out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import web as front_end

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
MINUTE = 60
SECONDS_MAX = 75 * MINUTE
"""All parts together; a part that would go beyond it is ended and has failed. Two cores of the
usual kind need less than half of it; the rest is for slow ones, which are no fault of a change."""

LAST_WORDS_SECONDS = 10
"""That a command has for them when it is ended by the limit."""

CORES = max(1, min(os.cpu_count() or 1, 4))
"""That tests may use: each file starts processes of its own."""
JOBS = CORES + 1
"""Test files at a time: a third of the time of one is waiting, for disks, servers and clocks."""


class Outcome(NamedTuple):
    """What became of one part."""

    name: str
    state: str
    """`passed`, `failed` or `could not run`."""
    reason: str
    seconds: float


class CannotRun(Exception):  # noqa: N818 (read as a claim)
    """The part's ground is missing; the text says what."""


class Run:
    """Runs commands one after another within the time that is left for all of them."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + SECONDS_MAX

    def __call__(
        self, *command: str, cwd: Path = ROOT, environment: dict[str, str] | None = None
    ) -> str | None:
        """Run to the end; `None` when it succeeded, else why not."""
        print(f"$ {' '.join(command).replace(f'{BIN}/', '')}", flush=True)
        left = self._deadline - time.monotonic()
        try:
            process = subprocess.Popen(command, cwd=cwd, env=environment)
        except FileNotFoundError:
            raise CannotRun(f"{command[0]} is not installed; run make setup") from None
        try:
            status = process.wait(timeout=max(left, 1))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # pytest says where each of its threads is
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=LAST_WORDS_SECONDS)
            return f"{Path(command[0]).name} ran into the limit of {SECONDS_MAX // MINUTE} minutes"
        finally:
            process.kill()
            process.wait()
        if status == 0:
            return None
        return f"{Path(command[0]).name} ended with status {status}; see above"


def tool(name: str) -> str:
    """Path of a command of .venv."""
    return str(BIN / name)


def style(run: Run) -> str | None:
    """Lint and format; `make fix` mends most of it."""
    return run(tool("ruff"), "check", "--quiet", ".") or run(
        tool("ruff"), "format", "--check", "--quiet", "."
    )


def types(run: Run) -> str | None:
    """Strict types of the package and of these tools."""
    tools = sorted(str(file) for file in (ROOT / "tools").rglob("*.py"))
    return run(tool("mypy"), "--no-error-summary") or run(
        tool("mypy"), "--no-error-summary", *tools
    )


def layers(run: Run) -> str | None:
    """No stage imports one downstream; every folder has its place."""
    return run(tool("lint-imports"), "--no-cache", "--no-logo")


def servers(run: Run) -> str | None:
    """Servers that tests talk to: fetched or built once for a checkout, minutes; then at hand."""
    problem = run(sys.executable, "-m", "servers", cwd=ROOT / "tools")
    if problem is not None:
        raise CannotRun("not every server can be had, see above; tests with it are left out")
    return None


def tests(run: Run) -> str | None:
    """All of tests/, a file more at a time than there are cores."""
    return run(
        tool("pytest"),
        f"--numprocesses={JOBS}",
        "--dist=loadfile",  # what a file's tests share is made once
        "--no-loadscope-reorder",  # the order of tests/conftest.py: files with long tests first
        "--max-worker-restart=2",  # a test that ends its process is run again each time
        "--durations=15",
    )


def web(run: Run) -> str | None:
    """Types, lint and tests of the front end, and that it builds."""
    package = front_end.STUDIO
    if not package.has_source:
        raise CannotRun("web/studio/package.json does not exist yet")
    environment = front_end.node_environment()
    if environment is None:
        raise CannotRun("no Node 20 or newer; put it on PATH")
    if front_end.build(package) != 0:
        return "the front end does not build; see above"
    for script in ("check", "test"):
        problem = run("npm", "run", script, cwd=package.source, environment=environment)
        if problem is not None:
            return problem
    return None


def wheel(run: Run) -> str | None:
    """What ships: the wheel in an empty environment takes an event and shows it by SQL."""
    if not front_end.STUDIO.product.is_file():
        raise CannotRun("the front end is not built, and a wheel without it is refused")
    return run(sys.executable, str(ROOT / "tools" / "try_wheel.py"))


PARTS: dict[str, Callable[[Run], str | None]] = {
    part.__name__: part for part in (style, types, layers, servers, tests, web, wheel)
}


BESIDE = ("types", "web", "wheel")
"""Run in a process of their own, while the others run."""


def run_part(name: str, run: Run) -> Outcome:
    """One part with its heading and its outcome."""
    print(f"\n=== {name}: {(PARTS[name].__doc__ or '').splitlines()[0]}", flush=True)
    started = time.monotonic()
    try:
        problem = PARTS[name](run)
    except CannotRun as missing:
        return Outcome(name, "could not run", str(missing), time.monotonic() - started)
    state = "passed" if problem is None else "failed"
    return Outcome(name, state, problem or "", time.monotonic() - started)


def run_all() -> tuple[list[Outcome], int]:
    """Every part; the second value is the status of those that ran beside the others."""
    beside = [name for name in BESIDE if name in PARTS]
    run = Run()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        command = [sys.executable, __file__, *beside] if beside else [sys.executable, "-c", ""]
        others = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            outcomes = [run_part(name, run) for name in PARTS if name not in beside]
            ended = others.wait()
        finally:
            others.terminate()
        said.seek(0)
        print(said.read())
    return outcomes, ended


def main() -> int:
    """Status 0 when everything that had to run passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("parts", nargs="*", help=f"out of {' '.join(PARTS)}; none: all")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {' '.join(sorted(unknown))}; there are {' '.join(PARTS)}")
    if arguments.parts:
        run = Run()
        outcomes, ended = [run_part(name, run) for name in arguments.parts], 0
    else:
        outcomes, ended = run_all()
    print()
    for outcome in outcomes:
        line = f"{outcome.name:8} {outcome.state:14} {outcome.seconds:6.1f} s  {outcome.reason}"
        print(line.rstrip())
    bad = {"failed", "could not run"} if os.environ.get("CI") == "true" else {"failed"}
    return int(ended != 0 or any(outcome.state in bad for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
