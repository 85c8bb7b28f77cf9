"""The list of what a wheel needs: valid, complete, the same for the same sources, offline."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "web" / "studio" / "node_modules"


@pytest.fixture(scope="module")
def text() -> str:
    """As `make sbom` makes it, in a process where every socket fails."""
    code = "import socket, sys; socket.socket = socket.create_connection = None; import sbom"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{code}; sys.stdout.write(sbom.sbom())"],
        cwd=ROOT / "tools",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def components(text: str) -> dict[str, dict[str, Any]]:
    return {one["purl"]: one for one in json.loads(text)["components"]}


def test_is_valid(text: str) -> None:
    """Tools that read it check it against the published schema first."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert error is None, str(error)[:500]


def test_same_sources_same_bytes(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that changes by itself cannot be compared with that of the release before."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    assert importlib.import_module("sbom").sbom() == text


def _python_needs(name: str, extras: frozenset[str], seen: set[str]) -> None:
    """Names that an installed package needs, by its own metadata, all the way down."""
    try:
        needs = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for need in map(Requirement, needs):
        is_needed = any(
            need.marker is None or need.marker.evaluate({"extra": extra})
            for extra in (extras or {""})
        )
        key = re.sub(r"[-_.]+", "-", need.name).lower()
        if is_needed and (key not in seen or need.extras):
            seen.add(key)
            _python_needs(need.name, frozenset(need.extras) | {""}, seen)


def test_has_every_python_package_that_is_needed(components: dict[str, Any]) -> None:
    """By what the installed packages say of themselves; each with its version, hashes, license."""
    needed: set[str] = set()
    _python_needs("footfall", frozenset(), needed)
    assert len(needed) > 30
    lock = (ROOT / "requirements" / "runtime.lock").read_text()
    for name in needed:
        version = distribution(name).version
        found = components[f"pkg:pypi/{name}@{version}"]
        assert found["hashes"], name
        assert all(f"sha256:{one['content']}" in lock for one in found["hashes"])
    licensed = [purl for purl, one in components.items() if one.get("licenses")]
    assert len(licensed) >= len(components) - 3
    assert not [purl for purl in components if "pytest" in purl or "hypothesis" in purl]


def _node_needs(name: str, by: Path, seen: set[Path]) -> None:
    """Folders of what a package needs, by its own package.json, all the way down.

    As Node finds it: the one in the package's own node_modules, else in those above.
    """
    above = [place / "node_modules" for place in (by, *by.parents)]
    found = next(place / name for place in above if (place / name / "package.json").is_file())
    if found in seen:
        return
    seen.add(found)
    about = json.loads((found / "package.json").read_text())
    for need in about.get("dependencies", {}):
        _node_needs(need, found, seen)


def test_has_every_package_of_the_bundle(components: dict[str, Any]) -> None:
    """The front end is inside the wheel, so what it is made of is, too; tools are not."""
    needed: set[Path] = set()
    about = json.loads((NODE_MODULES.parent / "package.json").read_text())
    for name in about["dependencies"]:
        _node_needs(name, NODE_MODULES.parent, needed)
    assert len(needed) > 10
    for folder in needed:
        package = json.loads((folder / "package.json").read_text())
        name, version = package["name"], package["version"]
        found = components[f"pkg:npm/{name.replace('@', '%40')}@{version}"]
        assert [len(one["content"]) for one in found["hashes"]] == [128]
        assert found["licenses"]
    assert not [purl for purl in components if "vitest" in purl or "/vite@" in purl]


def test_root_depends_on_all(text: str, components: dict[str, Any]) -> None:
    """The wheel itself is the subject."""
    document = json.loads(text)
    subject = document["metadata"]["component"]
    assert subject["name"] == "footfall"
    assert subject["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    (edges,) = [one["dependsOn"] for one in document["dependencies"] if one["ref"] == "footfall"]
    assert set(edges) == set(components)
