"""Formulas over series: `B / A * 100`.

Python's own parser reads them and a list of allowed nodes decides, so there is nothing that a
formula can do but arithmetic.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import Final

import msgspec

LENGTH_MAX: Final = 200
LETTERS: Final = "ABCDEFGHIJ"
_MISTAKE: Final = "write series' letters, numbers, + - * / and brackets, such as B / A * 100"


class Formula(msgspec.Struct, frozen=True):
    """One that was read."""

    tree: ast.expr

    def of(self, values: Sequence[float | None]) -> float | None:
        """Its value; none where a series has none, and where it divides by zero."""
        found = _value(self.tree, values)
        return found if found is not None and math.isfinite(found) else None


def parse_formula(text: str, series: int) -> Formula | str:
    """A formula over so many series, or what is wrong with it."""
    if not text.isascii() or len(text) > LENGTH_MAX:
        return f"at most {LENGTH_MAX} characters, ASCII; {_MISTAKE}"
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _MISTAKE
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if node.id not in LETTERS[:series]:
                return f"no series {node.id}; there are: {', '.join(LETTERS[:series])}"
        elif isinstance(node, ast.Constant):
            if type(node.value) not in (int, float):
                return _MISTAKE
        elif not isinstance(node, _ALLOWED):
            return _MISTAKE
    return Formula(tree)


_ALLOWED: Final = (
    ast.BinOp,
    ast.UnaryOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.USub,
    ast.Load,
)


def _value(  # noqa: PLR0911 (one for each kind of node)
    node: ast.expr, values: Sequence[float | None]
) -> float | None:
    if isinstance(node, ast.Name):
        return values[LETTERS.index(node.id)]
    if isinstance(node, ast.Constant):
        return float(str(node.value))
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, values)
        return None if inner is None else -inner
    assert isinstance(node, ast.BinOp)
    left, right = _value(node.left, values), _value(node.right, values)
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.Div):
        return left / right if right else None
    if isinstance(node.op, ast.Mult):
        return left * right
    return left + right if isinstance(node.op, ast.Add) else left - right
