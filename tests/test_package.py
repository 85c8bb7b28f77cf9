"""What is shipped and how it is built: metadata, locks, the build hook, the Makefile's parts."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS: dict[str, list[str]] = PYPROJECT["dependency-groups"]


def names(requirements: list[str]) -> set[str]:
    """Names out of requirements such as `pyiceberg[sql-sqlite]>=0.12`."""
    return {re.split(r"[\[<>=!~ ;]", requirement)[0].lower() for requirement in requirements}


def pinned(lock: Path) -> dict[str, set[str]]:
    """Versions by name; several where platforms or Pythons need different ones."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)(?:\[.*?\])?==(\S+)", lock.read_text(), re.MULTILINE
    ):
        found.setdefault(name, set()).add(version)
    return found


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Loads a script of tools/ as a module of its own."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(
            f"tried_{name}", ROOT / "tools" / f"{name}.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    sys.modules.pop("web", None)


def test_the_package_knows_its_version() -> None:
    """`pip show` and bug reports must name what is installed."""
    assert importlib.metadata.version("footfall") == PYPROJECT["project"]["version"]


@pytest.mark.parametrize("name", ["defaults.toml", "py.typed"])
def test_data_files_lie_in_the_package(name: str) -> None:
    """Without defaults nothing starts; without the marker users' type checkers see nothing."""
    assert resources.files("footfall").joinpath(name).is_file()


def test_locks_exist_for_everything_that_is_installed() -> None:
    """The Makefile installs from these and from nothing else."""
    assert [lock.stem for lock in LOCKS] == [
        "audit",
        "bench",
        "dev",
        "docs",
        "go",
        "node",
        "runtime",
        "uv",
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_pin_has_its_hash_and_no_address(lock: Path) -> None:
    """A pin without a hash takes whatever a mirror serves; an address binds to one (ADR 3)."""
    blocks = re.split(r"^(?=\w)", lock.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in lock.read_text("utf-8")


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("runtime", names(PYPROJECT["project"]["dependencies"])),
        ("dev", names(PYPROJECT["project"]["dependencies"]) | names(GROUPS["dev"])),
        ("bench", names(PYPROJECT["project"]["dependencies"]) | names(GROUPS["bench"])),
        ("docs", names(GROUPS["docs"])),
        ("node", names(GROUPS["node"])),
        ("uv", names(GROUPS["uv"])),
    ],
)
def test_locks_hold_every_dependency(lock: str, wanted: set[str]) -> None:
    """A dependency that was added and not locked is missing on the next machine: run make lock."""
    assert wanted - set(pinned(ROOT / "requirements" / f"{lock}.lock")) == set()


@pytest.mark.parametrize("lock", ["dev", "bench"])
def test_what_is_tested_is_what_ships(lock: str) -> None:
    """Tests with other versions than the wheel installs would prove something else."""
    runtime = pinned(ROOT / "requirements" / "runtime.lock")
    other = pinned(ROOT / "requirements" / f"{lock}.lock")
    assert {name: other.get(name) for name in runtime} == runtime


def test_every_dependency_has_its_reason() -> None:
    """ADR 2 is the list of what we answer for; a package without a line has no reason."""
    text = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \| \S", text, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"(?<![\w-])[a-z][a-z-]*[a-z]", row)}
    wanted = names(PYPROJECT["project"]["dependencies"])
    wanted |= {name for group in GROUPS.values() for name in names(group)}
    plugins = {"pytest-randomly", "pytest-timeout", "pytest-xdist", "ua-parser-builtins"}
    assert wanted - plugins - explained == set()


def hook_of(tool: Any, root: Path) -> Any:
    module = tool("hatch_build")
    return module.PagesHook(str(root), {}, None, None, str(root / "dist"), "wheel")


def test_a_wheel_without_pages_is_refused(tool: Any, tmp_path: Path) -> None:
    """It would install and start and show nothing."""
    with pytest.raises(RuntimeError, match="no front end to put in the wheel; run make studio"):
        hook_of(tool, tmp_path).initialize("standard", {})


def test_a_wheel_with_pages_is_built(tool: Any, tmp_path: Path) -> None:
    """From an unpacked sdist there are no sources of the pages, only the pages."""
    index = tmp_path / "src" / "footfall" / "studio" / "static" / "index.html"
    index.parent.mkdir(parents=True)
    index.write_text("<html>")
    hook_of(tool, tmp_path).initialize("standard", {})


def test_an_editable_install_needs_no_pages(tool: Any, tmp_path: Path) -> None:
    """The first thing `make setup` does, before there is a front end."""
    hook_of(tool, tmp_path).initialize("editable", {})


def test_built_pages_are_in_wheel_and_sdist_although_git_ignores_them() -> None:
    """Hatchling leaves out what git ignores unless it is named."""
    assert PYPROJECT["tool"]["hatch"]["build"]["artifacts"] == ["src/footfall/studio/static"]
    assert "src/footfall/studio/static/" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_front_end_is_built_again_when_a_source_changes(tool: Any, tmp_path: Path) -> None:
    """Neither a stale page in the wheel nor a minute lost at each `make test`."""
    source, product, built_from = tmp_path / "web", tmp_path / "index.html", tmp_path / "built"
    (source / "node_modules").mkdir(parents=True)
    (source / "app.tsx").write_text("one")
    pages = tool("web").Package("pages", source, product, built_from)
    assert not pages.is_current
    product.write_text("<html>")
    built_from.write_text(pages.source_hash())
    (source / "node_modules" / "x.js").write_text("not a source")
    assert pages.is_current
    (source / "app.tsx").write_text("two")
    assert not pages.is_current


@pytest.mark.parametrize(
    ("ci", "outcome", "status"),
    [
        ("", "passes", 0),
        ("", "fails", 1),
        ("", "cannot", 0),
        ("true", "passes", 0),
        ("true", "fails", 1),
        ("true", "cannot", 1),
    ],
)
def test_a_part_that_cannot_run_fails_under_ci_only(
    tool: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    outcome: str,
    status: int,
) -> None:
    """A laptop without Node can work; a continuous integration that leaves something out lies."""
    verify = tool("verify")

    def part(_run: object) -> str | None:
        """A part."""
        if outcome == "cannot":
            raise verify.CannotRun("no Node here")
        return "broken" if outcome == "fails" else None

    monkeypatch.setattr(verify, "PARTS", {"part": part})
    monkeypatch.setattr(sys, "argv", ["verify.py"])
    monkeypatch.setenv("CI", ci)
    assert verify.main() == status
    said = {"passes": "passed", "fails": "failed", "cannot": "could not run"}[outcome]
    assert re.search(rf"^part +{said} ", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("ended", [0, 1])
def test_what_runs_beside_the_tests_is_told_and_counts(
    tool: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    ended: int,
) -> None:
    """In a process of its own: what it says is not lost, and its failure is one of the whole."""
    verify = tool("verify")

    def part(_run: object) -> None:
        """A part."""

    script = tmp_path / "verify.py"
    script.write_text(f"import sys; print('beside:', *sys.argv[1:]); sys.exit({ended})")
    monkeypatch.setattr(verify, "__file__", str(script))
    monkeypatch.setattr(verify, "PARTS", dict.fromkeys(("web", "part", "types"), part))
    monkeypatch.setattr(sys, "argv", ["verify.py"])
    assert verify.main() == ended
    told = capfd.readouterr().out
    assert "beside: types web\n" in told
    assert re.findall(r"^(\w+) +passed ", told, re.MULTILINE) == ["part"]


def test_make_help_lists_what_the_readme_and_ci_call() -> None:
    """A target that help does not show is found by nobody."""
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    listed = set(re.findall(r"^ +make (\S+)", done.stdout, re.MULTILINE))
    wanted = "help setup demo check fix test test-full bench docs studio wheel serve lock"
    assert set(wanted.split()) <= listed


def test_ci_run_is_a_sound_script() -> None:
    """It is run by a machine that says little when it cannot."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], timeout=60, check=True)
    text = script.read_text("utf-8")
    assert "set -euo pipefail" in text
    assert text.rstrip().endswith("exec make test")
