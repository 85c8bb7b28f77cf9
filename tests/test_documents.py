"""Documents say what the program does, all of it, and nothing that is not there."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import tomllib
from types import ModuleType

import pytest
import typer

from footfall.cli import main
from footfall.lake import TABLES
from tests.test_tidy import LINK, ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """The tool that writes pages from the code."""
    file = ROOT / "tools" / "write_reference.py"
    spec = importlib.util.spec_from_file_location("tried_write_reference", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings.md", "tables.md"])
def test_pages_made_from_code_are_as_the_code_is(writer: ModuleType, name: str) -> None:
    """A reference that is wrong is worse than none."""
    file = DOCS / name
    if file.read_text("utf-8") != writer.pages()[file]:
        pytest.fail(f"docs/{name} is stale; write it anew with: make reference", pytrace=False)


def test_every_column_has_its_meaning() -> None:
    """A sentence, also those that people do not read: other engines show it."""
    for spec in TABLES.values():
        columns = (*spec.columns, *spec.computed)
        assert [column.name for column in columns if not column.doc.endswith(".")] == []


def test_the_index_leads_to_every_page() -> None:
    """A page that nothing leads to is read by nobody."""
    index = DOCS / "index.md"
    linked = {(DOCS / target).resolve() for target in LINK.findall(index.read_text("utf-8"))}
    missing = [str(page.relative_to(DOCS)) for page in PAGES if page not in linked | {index}]
    assert missing == []


def test_the_architecture_shows_the_layers_that_are_held() -> None:
    """Who reads the code for the first time goes by that picture: import-linter holds another."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    held = next(one for one in project["tool"]["importlinter"]["contracts"] if "layers" in one)
    text = (DOCS / "architecture.md").read_text("utf-8")
    shown = re.findall(r"^```\n(cli\n.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(shown) == 1
    layers = [re.findall(r"\w+", line.removeprefix("domain:")) for line in shown[0].splitlines()]
    assert layers == [re.findall(r"\w+", layer) for layer in held["layers"]]


def test_versions_that_are_named_exist() -> None:
    """`since 0.2.0` sends a reader to look for what was never there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {
        (str(page.relative_to(ROOT)), version)
        for page in [*PAGES, ROOT / "README.md"]
        if page.parent.name != "adr"  # other programs' versions
        for version in re.findall(r"(?<![\w.])0\.\d+\.\d+(?![\w.])", page.read_text("utf-8"))
    }
    assert {one for one in named if one[1] != project["version"]} == set()


def test_every_verb_is_in_the_page_about_the_command_line() -> None:
    """Found by reading one page."""
    text = (DOCS / "command-line.md").read_text("utf-8")
    said = set(re.findall(r"`([a-z]+(?: [a-z-]+)?)`", text))
    root = typer.main.get_command(main.app)
    verbs = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", {})
        verbs += [f"{name} {verb}" for verb in below] or [name]
    assert [verb for verb in verbs if verb not in said] == []


def test_quick_start_is_two_lines_that_set_up_by_themselves() -> None:
    """Whoever types the first line of the README sees something."""
    readme = (ROOT / "README.md").read_text("utf-8")
    start = readme.partition("## Quick start")[2].partition("```")[2].partition("```")[0]
    targets = re.findall(r"^make (\S+)", start, re.MULTILINE)
    assert targets == ["demo", "test"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in targets:
        assert re.search(rf"^{target}: setup ", makefile, re.MULTILINE), target


def test_set_up_ends_with_what_to_do_next() -> None:
    """And only set-up: what it is a part of goes on by itself."""

    def planned(target: str) -> str:
        command = ["make", "--no-print-directory", "--dry-run", target]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout

    for said in ("make demo", "make serve", "source .venv/bin/activate", "docs/first-steps.md"):
        assert said in planned("setup")
    assert "What next" not in planned("demo")
