"""The list of verbs, under headings, in plain text."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

CONTEXT = {"help_option_names": ["-h", "--help"]}
"""For each `typer.Typer`: `-h` is what people try first."""


class Verbs(TyperGroup):
    """A group whose help lists its verbs under the heading of each (`rich_help_panel`)."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """One line for each verb, in the order in which they were added."""
        sections: dict[str, list[tuple[str, str]]] = {}
        widest = max(map(len, self.commands), default=0)
        for name, command in self.commands.items():
            if not command.hidden:
                heading = getattr(command, "rich_help_panel", None) or "Commands"
                text = command.get_short_help_str(formatter.width - widest - 4)
                sections.setdefault(heading, []).append((name.ljust(widest), text))
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def group(text: str, **settings: Any) -> typer.Typer:
    """A group of verbs with one look everywhere."""
    return typer.Typer(
        help=text,
        cls=Verbs,
        context_settings=CONTEXT,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        **settings,
    )
