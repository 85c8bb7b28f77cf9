"""The real verb, as a shell runs it: a process, its two streams, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from footfall.cli import main

FOOTFALL = Path(sys.executable).parent / "footfall"
SECONDS_MAX = 120
"""A deadline for a busy machine, no expectation."""


def run(
    *arguments: str,
    cwd: Path | None = None,
    stdin: str = "",
    environ: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """What a person sees of `footfall …`, 80 columns wide, without variables of ours."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL")}
    return subprocess.run(
        [str(FOOTFALL), *arguments],
        cwd=cwd,
        input=stdin,
        env={**clean, "COLUMNS": "80", **(environ or {})},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def refused_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> str:
    """As `refused`, in this process: for long lists of verbs."""
    monkeypatch.setattr(sys, "argv", ["footfall", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.run()
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err.count("\n")) == (2, "", 1), said
    return said.err.removeprefix("footfall: ").rstrip("\n")


def refused(*arguments: str, cwd: Path | None = None, code: int = 2) -> str:
    """The one sentence with which the verb refuses."""
    done = run(*arguments, cwd=cwd)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1), done
    assert done.stderr.startswith("footfall: ")
    return done.stderr.removeprefix("footfall: ").rstrip("\n")
