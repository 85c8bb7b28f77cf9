"""The real verb, as a shell runs it: a process, its two streams, its exit code."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

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


def run_here(
    *arguments: str,
    cwd: Path | None = None,
    stdin: str = "",
    environ: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """The same from the entry point on, in this process: for long lists of cases."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL")}
    with (
        patch.dict(os.environ, {**clean, "COLUMNS": "80", **(environ or {})}, clear=True),
        patch.object(sys, "argv", ["footfall", *arguments]),
        patch.object(sys, "stdin", given),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        contextlib.chdir(cwd or Path.cwd()),
        pytest.raises(SystemExit) as ended,
    ):
        main.run()
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(arguments, int(str(ended.value.code)), *texts)


def refused(*arguments: str, cwd: Path | None = None) -> str:
    """The one sentence with which the verb refuses."""
    done = run_here(*arguments, cwd=cwd)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert done.stderr.startswith("footfall: ")
    return done.stderr.removeprefix("footfall: ").rstrip("\n")
