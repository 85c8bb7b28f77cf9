"""Write docs/settings.md and docs/tables.md from the code: `make reference`.

`pages()` is what a test compares with the files, so that neither can say what the program does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import duckdb

from footfall.lake import read_tables
from footfall.query.cuts.views import plain_view
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
is never null is marked `not null`.

Each session definition that is not the default has a view `sessions_<name>` with the columns of
`sessions`. Other engines find them in the table `other_sessions`, told apart by `definition` and
`definition_version`."""


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
    for spec in read_tables():
        yield from ("", f"## {spec.name}", "", f"One row is {spec.row_is}.", "")
        yield from ("| column | type | meaning |", "|---|---|---|")
        columns = [*spec.columns, *spec.computed]
        view = plain_view(spec.name, (), columns, has_tail=False)
        described = duckdb.execute(f"DESCRIBE {view}").fetchall()
        for column, (_, kind, *_) in zip(columns, described, strict=True):
            always = column.is_required or column in spec.computed
            yield f"| `{column.name}` | {kind}{' not null' if always else ''} | {column.doc} |"


def main() -> None:
    """Write the pages that differ."""
    for file, text in pages().items():
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            print(f"wrote {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
