"""Code that sends, filled in for an app: one text for the page, the documents and the tests.

Each file of `snippet_texts/` is one way to send, told about in its `index.toml`. `{endpoint}`,
`{write_id}` and `{collect_path}` are replaced; other braces are the code's own.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Final

import msgspec

DEFAULT_ENDPOINT: Final = "http://127.0.0.1:7700"
NO_WRITE_ID: Final = "YOUR-WRITE-ID"


class Snippet(msgspec.Struct, frozen=True):
    """One way to send."""

    name: str
    title: str
    language: str
    about: str
    """One or two sentences: where it goes, and what to know."""
    text: str


class Snippets(msgspec.Struct, frozen=True):
    """Answer of `GET /api/snippets`."""

    endpoint: str
    write_id: str
    snippets: tuple[Snippet, ...]


def fill_snippets(endpoint: str | None, write_id: str | None, collect_path: str) -> Snippets:
    """All ways to send, in the order they are shown.

    Args:
        endpoint: Address of the collector; `None`: it does not run, so its usual one.
        write_id: What to send with; `None`: the app has none.
        collect_path: `collector.aws_collect_path`.
    """
    values = {
        "{endpoint}": endpoint or DEFAULT_ENDPOINT,
        "{write_id}": write_id or NO_WRITE_ID,
        "{collect_path}": collect_path,
    }
    return Snippets(values["{endpoint}"], values["{write_id}"], tuple(_read(values)))


def _read(values: dict[str, str]) -> list[Snippet]:
    folder = resources.files("footfall.studio.api.apps") / "snippet_texts"
    index = tomllib.loads((folder / "index.toml").read_text("utf-8"))
    found = []
    for name, about in index.items():
        text = (folder / f"{name}.txt").read_text("utf-8").strip("\n")
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        found.append(Snippet(name=name, text=text, **about))
    return found
