"""Server keys on the command line: from the environment or a file, out of the list of processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from footfall.cli.terminal.errors import complain, masked
from footfall.errors import Invalid

KEY_VARIABLE: Final = "FOOTFALL_KEY"
_FILE_BYTES_MAX: Final = 4096

KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar=KEY_VARIABLE,
        help="Secret server key. On the command line others see it: set the variable instead.",
    ),
]
KeyFileOption = Annotated[
    Path | None,
    typer.Option("--key-file", help="File that has the server key; -: standard input."),
]


def given_key(
    context: typer.Context, key: str | None, file: Path | None, unless: str | None = None
) -> str | None:
    """The key, wherever it was given; what is typed counts more than the environment.

    A whole server key that was typed is warned of.

    Args:
        context: Of the verb; tells whether `key` was typed.
        key: From `--key`, an argument or the environment.
        file: From `--key-file`.
        unless: Something typed in place of a key: then the environment's does not count.

    Raises:
        Invalid: two keys were typed, or the file has none.
    """
    source = context.get_parameter_source("key")
    is_typed = key is not None and source is not None and source.name == "COMMANDLINE"
    if file is not None:
        if is_typed:
            raise Invalid("give the key once: as --key-file or in the command, not both")
        return _read(file)
    if is_typed and masked(key or "") != key:
        complain(
            "the key was visible in the list of processes; next time set"
            f" {KEY_VARIABLE} or use --key-file"
        )
    return None if unless is not None and not is_typed else key


def _read(file: Path) -> str:
    name = "standard input" if file == Path("-") else str(file)
    try:
        if file == Path("-"):
            data = sys.stdin.buffer.read(_FILE_BYTES_MAX)
        else:
            with file.open("rb") as stream:
                data = stream.read(_FILE_BYTES_MAX)
        key = data.decode("ascii").strip()
    except OSError as error:
        raise Invalid(f"the key cannot be read: {error.strerror}: {name}") from None
    except UnicodeDecodeError:
        key = ""
    if not key or len(key.split()) != 1:
        raise Invalid(f"no key in there; write it alone, on one line: {name}")
    return key
