"""Errors as one sentence on standard error, and an exit code; never a traceback, never a key."""

from __future__ import annotations

import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import typer

from footfall.errors import FootfallError, Invalid
from footfall.project import SERVER_KEY_PREFIX

EXIT_FAILED = 1
EXIT_INVALID = 2
EXIT_STOPPED = 130
"""As shells say it of what Ctrl-C ended."""

TRACEBACK = "FOOTFALL_TRACEBACK"
_GUESS = re.compile(r" \(Possible options: (.*)\)|\. Did you mean (.*)\?")
_KEY = re.compile(rf"({SERVER_KEY_PREFIX}[\w-]{{8}})[\w-]+|\b(ff_)[0-9a-f]{{8,}}")
"""Server keys, and tokens (`footfall.signin.tokens`), of which nothing is shown."""


def masked(text: str) -> str:
    """`text` with at most the first characters of each server key, as `footfall key list` has."""
    return _KEY.sub(lambda found: f"{found[1] or found[2]}…", text)


def complain(text: str) -> None:
    """Say one sentence on standard error."""
    typer.echo(f"footfall: {masked(text)}", err=True)


def fail(error: FootfallError) -> NoReturn:
    """End with the error as one sentence (settings: a line each) on standard error."""
    complain(str(error))
    sys.exit(EXIT_INVALID if isinstance(error, Invalid) else EXIT_FAILED)


def fail_usage(error: Any) -> NoReturn:
    """End with what was wrong in the arguments, and where the right ones are listed."""
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message(), err=True)
        sys.exit(EXIT_INVALID)
    text = " ".join(error.format_message().split()).rstrip(".").replace("Value error, ", "")
    text = _GUESS.sub(lambda match: f"; did you mean {match[1] or match[2]}", text)
    context = getattr(error, "ctx", None)
    where = "" if context is None else f"; see: {context.command_path} --help"
    complain(text[:1].lower() + text[1:] + where)
    sys.exit(EXIT_INVALID)


def fail_system(error: OSError) -> NoReturn:
    """End with what the system refused: a file that is not there, a right that is missing."""
    reason = error.strerror or str(error) or type(error).__name__
    name = "" if error.filename is None else f": {os.fsdecode(error.filename)}"
    complain(reason[:1].lower() + reason[1:] + name)
    sys.exit(EXIT_FAILED)


def fail_fault(error: Exception) -> NoReturn:
    """End with a fault of the program, in one sentence; with `FOOTFALL_TRACEBACK=1`, all of it.

    Parts of a process tree always say all of it: their output is a log.
    """
    if os.environ.get(TRACEBACK) or "--parent-fd" in sys.argv:
        traceback.print_exception(error)
        sys.exit(EXIT_FAILED)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(str(error).split())[:300]
    complain(
        f"a fault of the program, please report it with what {TRACEBACK}=1 prints:"
        f" {type(error).__name__}: {said} ({Path(frame.filename).name}:{frame.lineno})"
    )
    sys.exit(EXIT_FAILED)
