"""What the documentation shows works."""

from __future__ import annotations

import re
from pathlib import Path

from footfall.query import guard
from footfall.query.engine import Engine, view_names
from footfall.settings import QuerySettings

PAGE = (Path(__file__).parent.parent.parent / "docs/concepts/sql.md").read_text("utf-8")


def test_examples_run(engine: Engine) -> None:
    """A statement copied from the page works."""
    blocks = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    statements = [text for block in blocks for text in block.split(";\n") if text.strip()]
    assert len(statements) == 4
    for statement in statements:
        engine.run(statement, rows_max=10)


def test_lists_are_complete() -> None:
    """Each view, table function and limit is on the page, and the number of functions is right."""
    limits = [name for name in QuerySettings.__struct_fields__ if name != "threads"]
    named = [*view_names(), *guard.TABLE_FUNCTIONS, *(f"query.{name}" for name in limits)]
    assert [name for name in named if f"`{name}`" not in PAGE] == []
    assert f"the {len(guard.FUNCTIONS) // 10 * 10} in `footfall/query/functions.txt`" in PAGE
