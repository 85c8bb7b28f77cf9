"""Rules of the whole tree that no linter knows; each message tells the cure.

What linters hold already is not repeated: style, docstrings of public names and banned calls are
ruff's (pyproject.toml), layers are import-linter's.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from footfall.settings import default_values

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "footfall"
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 600

ENTRY_MODULES = frozenset({"footfall", "footfall.cli.main", "footfall.client"})
"""Started or imported from outside: nothing of ours imports them."""

LOADED_BY_PATH = SOURCE / "metadata" / "migrations"
"""Alembic finds these files by itself."""

# Written in pieces, so that this file does not break its own rules.
LEFTOVERS = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b"
)
MACHINE_PATHS = re.compile(
    r"(?<![\w.~/-])/(?:" + "|".join(("wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers")) + r")/\w"
)
REGISTRIES = re.compile(
    "|".join(
        (
            r"\bpypi\.or" + "g",
            r"pythonhosted\.or" + "g",
            r"registry\.npmj" + "s",
            r"registry\.yarnpk" + "g",
            r"repo1?\.maven",
            r"proxy\.golan" + "g",
            r"index\.crate" + "s",
        )
    )
)


class Finding(NamedTuple):
    """A place that breaks a rule."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@cache
def tracked_files() -> tuple[Path, ...]:
    """Files that git knows or would add: what others will see."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: there are no tracked files to look at")
    files = (ROOT / name for name in done.stdout.splitlines())
    return tuple(file for file in files if file.is_file())


def text_of(file: Path) -> str | None:
    """Content of a text file; `None` for pictures and the like."""
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def demand_none(found: list[Finding]) -> None:
    """Fail with one line for each finding, so that all are mended at once."""
    if found:
        pytest.fail("\n".join(str(finding) for finding in found), pytrace=False)


def lines_matching(pattern: re.Pattern[str], files: Iterator[Path], cure: str) -> list[Finding]:
    found: list[Finding] = []
    for file in files:
        for number, line in enumerate((text_of(file) or "").splitlines(), 1):
            if pattern.search(line):
                found.append(Finding(f"{file.relative_to(ROOT)}:{number}", cure))
    return found


def python_files() -> list[Path]:
    return [file for file in tracked_files() if file.suffix == ".py"]


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def test_functions_fit_on_a_screen() -> None:
    """What does not fit on a screen is not read as a whole, and bugs hide in the seam."""
    found = [
        Finding(
            f"{file.relative_to(ROOT)}:{function.lineno}",
            f"{function.name} has {body_lines(function)} lines; split it below"
            f" {FUNCTION_LINES_MAX}: keep the branching, move the work into functions without",
        )
        for file in python_files()
        for function in functions(file)
        if body_lines(function) > FUNCTION_LINES_MAX
    ]
    demand_none(found)


def test_modules_hold_one_noun() -> None:
    """A module that long holds more than one thing; a reader looks for each by its name."""
    found = []
    for file in tracked_files():
        if file.suffix in {".py", ".ts", ".tsx"} and "generated" not in file.name:
            lines = len((text_of(file) or "").splitlines())
            if lines > MODULE_LINES_MAX:
                cure = f"{lines} lines; split it by nouns below {MODULE_LINES_MAX}"
                found.append(Finding(str(file.relative_to(ROOT)), cure))
    demand_none(found)


def test_no_leftover_marks() -> None:
    """Marks for later are never found later; issues are."""
    suffixes = {".py", ".ts", ".tsx", ".css", ".toml", ".md", ".sql", ".yaml", ".yml"}
    files = (file for file in tracked_files() if file.suffix in suffixes)
    demand_none(
        lines_matching(LEFTOVERS, files, "do it now or open an issue, then remove the mark")
    )


def test_no_paths_of_one_machine() -> None:
    """A path of somebody's machine works nowhere else."""
    files = (file for file in tracked_files() if "captures" not in file.parts)
    cure = "a path of one machine; derive it from __file__, a setting or an argument"
    demand_none(lines_matching(MACHINE_PATHS, files, cure))


def test_no_registry_hosts() -> None:
    """Locks that name a host force everybody behind a mirror to edit them (ADR 0003)."""
    files = (file for file in tracked_files() if "captures" not in file.parts)
    cure = "names a package registry's host; renew locks with make lock, npm's with `npm install`"
    demand_none(lines_matching(REGISTRIES, files, cure))


def module_name(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def mentioned_modules(file: Path, name: str) -> Iterator[str]:
    """Modules that a file imports, or names in a text (`python -m`, late imports)."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package.split(".")[: 1 - node.level or None], base]).strip(".")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"footfall(?:\.\w+)+", node.value)


def test_every_module_is_used() -> None:
    """A module nobody imports is dead, however well it is tested."""
    modules = {module_name(file): file for file in python_files() if file.is_relative_to(SOURCE)}
    used = set(ENTRY_MODULES)
    for file in python_files():
        is_ours = file.is_relative_to(SOURCE)
        name = module_name(file) if is_ours else "tests"
        for mentioned in mentioned_modules(file, name):
            in_testing = mentioned.startswith("footfall.testing")
            if mentioned != name and (is_ours or in_testing):
                used.add(mentioned)
    packages = {name.rpartition(".")[0] for name in used}
    unused = [
        Finding(str(file.relative_to(ROOT)), "nothing imports it; use it or remove it")
        for name, file in modules.items()
        if not file.is_relative_to(LOADED_BY_PATH)
        if name not in used
        if name not in packages
    ]
    demand_none(unused)


def test_every_test_folder_is_a_package() -> None:
    """Without it, two test files of the same name in different folders hide each other."""
    folders = {file.parent for file in python_files() if file.is_relative_to(ROOT / "tests")}
    demand_none(
        [
            Finding(str(folder.relative_to(ROOT)), "add an empty __init__.py")
            for folder in sorted(folders)
            if not (folder / "__init__.py").is_file()
        ]
    )


def test_every_setting_is_explained() -> None:
    """defaults.toml is the reference: each setting says its unit, its trade-off and its limit."""
    text = (SOURCE / "defaults.toml").read_text("utf-8")
    explained = {
        f"{section}.{name}"
        for section, lines in re.findall(r"^\[([\w.]+)\]\n((?:(?!\[).*\n)*)", text, re.MULTILINE)
        for name in re.findall(r"^(\w+) *=.*\S *# *\S.{10,}$", lines, re.MULTILINE)
    }
    demand_none(
        [
            Finding(f"defaults.toml: {section}.{name}", "say behind # what it does, and its limit")
            for section, names in default_values().items()
            for name in names
            if f"{section}.{name}" not in explained
        ]
    )


LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")


def test_links_between_documents_lead_somewhere() -> None:
    """A dead link costs a reader more than no link."""
    found = []
    for file in tracked_files():
        if file.suffix == ".md":
            for target in LINK.findall(text_of(file) or ""):
                if not (file.parent / unquote(target)).exists():
                    where = str(file.relative_to(ROOT))
                    found.append(Finding(where, f"link to what does not exist: {target}"))
    demand_none(found)


def test_news_fragments_are_named_for_towncrier() -> None:
    """A fragment of another name would be left out of the release's news without a word."""
    types = {kind["directory"] for kind in _pyproject()["tool"]["towncrier"]["type"]}
    named = re.compile(rf"^\+?[\w-]+\.(?:{'|'.join(sorted(types))})(?:\.\d+)?\.md$")
    demand_none(
        [
            Finding(
                f"changelog.d/{file.name}",
                f"name it <issue or +word>.<{'|'.join(sorted(types))}>.md",
            )
            for file in (ROOT / "changelog.d").iterdir()
            if file.name not in {"README.md", ".gitignore"} and not named.match(file.name)
        ]
    )


def _pyproject() -> dict[str, dict]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
