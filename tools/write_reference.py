"""Write docs/settings.md and docs/tables.md from the code: `make reference`.

`pages()` is what a test compares with the files, so that neither can say what the program does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import duckdb

from footfall.columns import COLUMNS, VIEWS
from footfall.query._views import events_view, failed_view, sessions_view
from footfall.reference import Setting, as_toml, describe

ROOT = Path(__file__).resolve().parent.parent
MADE = "<!-- Made from the code by `make reference`; change it there. -->"

SETTINGS_SAID = """\
Every setting with its default. `footfall settings` shows the values in force, where each came
from, and the same text; `footfall settings log.bytes_max` one of them.

A value is taken from the last of these that has it:

1. the default below;
2. `footfall.toml` in the home: a section, and a line such as `bytes_max = "10GiB"`;
3. the environment: `FOOTFALL__LOG__BYTES_MAX=10GiB`;
4. the command line: `--set log.bytes_max=10GiB`.

Durations are whole numbers with a unit, `ms`, `s`, `m`, `h` or `d`; sizes have `B`, `KiB`, `MiB` or
`GiB`. Mistakes are told all at once, each with what is valid, and nothing starts. Changes count
from the next start on."""

TABLES_SAID = """\
What `footfall sql` can read, and other engines find in the lake. `footfall tables` counts the rows,
`footfall tables events` shows the columns of one. How to ask: [SQL](concepts/sql.md). A column that
is never null is marked `not null`."""


def pages() -> dict[Path, str]:
    """Text of each page, by its file."""
    texts = {"settings.md": settings_page(), "tables.md": tables_page()}
    return {ROOT / "docs" / name: "\n".join(lines) + "\n" for name, lines in texts.items()}


def settings_page() -> Iterator[str]:
    """Every setting, a table for each section."""
    yield from ("# Settings", "", MADE, "")
    yield from SETTINGS_SAID.splitlines()
    for section, group in groupby(describe(), lambda setting: setting.name.partition(".")[0]):
        yield from ("", f"## {section}", "", "| setting | default | unit | meaning |")
        yield "|---|---|---|---|"
        yield from map(_setting_row, group)


def _setting_row(setting: Setting) -> str:
    name = setting.name.partition(".")[2]
    unit = re.sub(r" \(.*\)", "", setting.unit)
    meaning = setting.meaning.replace("|", "\\|")
    return f"| `{name}` | `{as_toml(setting.default)}` | {unit} | {meaning} |"


def tables_page() -> Iterator[str]:
    """Columns of the views, with the types that SQL shows."""
    yield from ("# Tables", "", MADE, "")
    yield from TABLES_SAID.splitlines()
    found = {
        "events": events_view((), has_tail=False, has_overrides=False),
        "sessions": sessions_view(
            (), has_hot=False, has_kept=False, has_removed=False, watermark=0, gap=0
        ),
        "failed_events": failed_view((), has_tail=False),
    }
    for view, text in found.items():
        yield from ("", f"## {view}", "", f"One row is {VIEWS[view]}.", "")
        yield from ("| column | type | meaning |", "|---|---|---|")
        described = duckdb.execute(f"DESCRIBE {text}").fetchall()
        assert list(COLUMNS[view]) == [row[0] for row in described], f"columns.py: {view}"
        for name, kind, *_ in described:
            shown = kind + (" not null" if name in required(view) else "")
            yield f"| `{name}` | {shown} | {COLUMNS[view][name]} |"


def required(view: str) -> set[str]:
    """Columns of a view that are never null."""
    from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA
    from footfall.session import SESSION_SCHEMA

    schemas = {"events": EVENT_SCHEMA, "sessions": SESSION_SCHEMA, "failed_events": FAILED_SCHEMA}
    always = {field.name for field in schemas[view] if not field.nullable}
    return always | ({"status"} if view == "sessions" else set())


def main() -> None:
    """Write the pages that differ."""
    for file, text in pages().items():
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            print(f"wrote {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
