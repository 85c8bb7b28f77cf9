"""`footfall completion`: what a shell needs to complete verbs, options and values."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated, Final

import typer

VARIABLE: Final = "_FOOTFALL_COMPLETE"
"""Set by the scripts: the shell wants completions, and nothing is to be run."""


class Shell(StrEnum):
    """Shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(help="Shell that is to complete.")],
) -> None:
    """Print a script that completes in bash, zsh or fish.

    bash: echo 'source <(footfall completion bash)' >> ~/.bashrc

    zsh: echo 'source <(footfall completion zsh)' >> ~/.zshrc (behind compinit)

    fish: footfall completion fish > ~/.config/fish/completions/footfall.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    typer.echo(
        get_completion_script(prog_name="footfall", complete_var=VARIABLE, shell=shell.value)
    )


def be_ready_to_complete() -> None:
    """Teach the parser what the scripts ask for; does nothing when no shell asks."""
    if VARIABLE in os.environ:
        from typer.completion import get_completion_inspect_parameters

        get_completion_inspect_parameters()  # registers the shells
