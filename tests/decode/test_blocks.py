"""The blocks that packages build decoders of: what they are called and take does not change."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from types import ModuleType

from footfall.decode import blocks
from footfall.decode.blocks import values

GOLDEN = Path(__file__).with_name("blocks.txt")
PAGE = Path(__file__).parents[2] / "docs" / "extend" / "protocol.md"
CONVERSIONS = ("array", "duration_ms", "flag", "identifier", "int64", "mapping", "moment", "money")


def surface() -> str:
    """Each public name with its parameters, a line each."""
    lines = []
    for name in blocks.__all__:
        found = getattr(blocks, name)
        if inspect.isfunction(found) or inspect.isclass(found):
            lines.append(f"{name}{inspect.signature(found)}")
        else:
            lines.append(f"{name}: {type(found).__name__}")
    lines += [f"values.{name}" for name in (*CONVERSIONS, "name", "size", "text")]
    return "\n".join(lines) + "\n"


def test_surface_is_the_stated_one() -> None:
    """Change it on purpose only: FOOTFALL_GOLDEN=1 pytest tests/decode/test_blocks.py."""
    if os.environ.get("FOOTFALL_GOLDEN"):
        GOLDEN.write_text(surface(), "utf-8")
    assert surface() == GOLDEN.read_text("utf-8")


def test_each_is_there_documented_and_on_the_page() -> None:
    """What an author cannot read about is not public."""
    table = PAGE.read_text("utf-8").partition("## The blocks")[2]
    assert re.findall(r"^\| `(\w+)` \| \S", table, re.MULTILINE) == blocks.__all__
    for name in blocks.__all__:
        found = getattr(blocks, name)
        if inspect.isfunction(found) or inspect.isclass(found) or isinstance(found, ModuleType):
            assert inspect.getdoc(found), name
    for name in (*CONVERSIONS, "name", "size", "text"):
        assert callable(getattr(values, name)), name
        assert f"`{name}`" in table, name
