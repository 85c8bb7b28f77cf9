"""What the audit makes of registries' answers, above all of none."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOOLS = Path(__file__).resolve().parent.parent / "tools"
PACKAGES = [("one", "1.0"), ("two", "2.0")]
CLEAN = [{"name": "one", "version": "1.0", "vulns": []}]
ADVISORY = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "fix_versions": ["2.1"],
    "description": "",
}


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("audit")


def test_all_answered_and_clean(audit: ModuleType) -> None:
    """The only case with status 0."""
    found = [*CLEAN, {"name": "two", "version": "2.0", "vulns": []}]
    status, verdict = audit.judge(audit.read_python(found, PACKAGES))
    assert (status, verdict) == (0, "2 of 2 packages answered for, 0 with advisories")


@pytest.mark.parametrize(
    "second",
    [
        [{"name": "two", "skip_reason": "not found"}],  # what pip-audit itself takes for success
        [{"name": "two", "version": "1.9", "vulns": []}],
        [],
    ],
)
def test_silence_is_no_good_news(audit: ModuleType, second: list[dict[str, Any]]) -> None:
    """A registry that skips what it cannot look up must not read as a clean bill."""
    findings = audit.read_python([*CLEAN, *second], PACKAGES)
    assert [finding.state for finding in findings] == ["none known", "not answered"]
    status, verdict = audit.judge(findings)
    assert status == 3
    assert verdict == ("1 of 2 packages answered for, 0 with advisories; no answer for 1 of pypi")
    assert audit.judge([])[0] == 3


def test_advisories_are_named_and_weigh_more_than_silence(audit: ModuleType) -> None:
    """Who reads it learns which version mends it."""
    found = [{"name": "one", "version": "1.0", "vulns": [ADVISORY]}]
    findings = audit.read_python(found, PACKAGES)
    assert findings[0].state == "PYSEC-2026-1, CVE-2026-1: mended by 2.1"
    assert audit.judge(findings)[0] == 1


def test_npms_answers(audit: ModuleType) -> None:
    """An error document has no list: nothing was answered, whatever the exit status."""
    error = {"message": "405 Method Not Allowed", "error": {}}
    assert [one.advisories for one in audit.read_node(error, PACKAGES)] == [None, None]
    via = {"url": "https://advisory.example/1", "title": "Bad", "range": "<1.1"}
    known = {"vulnerabilities": {"one": {"via": [via]}, "three": {"via": ["one"]}}}
    findings = audit.read_node(known, [*PACKAGES, ("three", "3.0")])
    assert [one.state for one in findings] == [
        "https://advisory.example/1 Bad <1.1",
        "none known",
        "by one",
    ]


def test_two_versions_of_a_package_are_asked_for_apart(audit: ModuleType, tmp_path: Path) -> None:
    """pip-audit refuses a list that has a package twice, and with it the whole list."""
    packages = [
        audit.sbom.Package("pypi", name, version, (), ())
        for name, version in (("a", "1"), ("b", "1"), ("b", "2"))
    ]
    files = audit._plain_requirements(packages, tmp_path)
    assert [file.read_text().split() for file in files] == [["a==1", "b==1"], ["b==2"]]
