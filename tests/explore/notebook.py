"""Notebooks without a kernel: code cells run in order, and what each shows is kept in the file.

`python -m tests.explore.notebook` writes the outputs of docs/notebooks anew.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.system.explore_shop import shop_cut

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
HOME = "footfall-demo"
"""Which home the notebooks open, from where they are."""
BYTES_MAX = 120_000
"""Of a notebook with its outputs."""


def run(notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Outputs of each code cell, as a notebook's file has them."""
    names: dict[str, Any] = {}
    return [
        _outputs("".join(cell["source"]), names)
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


def _outputs(code: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    said = io.StringIO()
    value = None
    with contextlib.redirect_stdout(said):
        exec(compile(tree, "cell", "exec"), names)  # noqa: S102 (our own notebook)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
    found: list[dict[str, Any]] = []
    if said.getvalue():
        found.append({"output_type": "stream", "name": "stdout", "text": _lines(said.getvalue())})
    if value is not None:
        found.append({"output_type": "display_data", "metadata": {}, "data": _shown(value)})
    return found


def _shown(value: Any) -> dict[str, Any]:
    if hasattr(value, "_repr_mimebundle_"):
        bundle = value._repr_mimebundle_()
        return {kind: _lines(one) if isinstance(one, str) else one for kind, one in bundle.items()}
    return {"text/plain": _lines(repr(value))}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def at_home(root: Path) -> contextlib.AbstractContextManager[None]:
    """A directory in which the notebooks find a shop of two weeks, a made-up one."""
    shop_cut(root / HOME)
    return contextlib.chdir(root)


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.ipynb"))


def write() -> None:
    for file in files():
        notebook = json.loads(file.read_text("utf-8"))
        with tempfile.TemporaryDirectory() as root, at_home(Path(root)):
            outputs = iter(run(notebook))
        number = 0
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                number += 1
                cell["outputs"], cell["execution_count"] = next(outputs), number
        text = json.dumps(notebook, indent=1, ensure_ascii=False)
        file.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    write()
