"""Known advisories of what ships: `make audit`, at each release.

Asks the registries through their own clients: pip-audit for the Python lock, `npm audit` for the
front end's. Prints every package with its version and what was answered. A registry that does not
answer for a package is no good news, so it is named, and has a status of its own:

    0   every package was answered for, and none has a known advisory
    1   some have; each is named with what mends it
    2   the audit itself failed
    3   none is known to have one, but some were not answered for
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import sbom
import web

BIN = Path(sys.executable).parent
SECONDS_MAX = 300
ADVISED, FAILED, UNANSWERED = 1, 2, 3


class Finding(NamedTuple):
    """What a registry said of one package."""

    kind: str
    name: str
    version: str
    advisories: tuple[str, ...] | None
    """`None`: it did not answer."""

    @property
    def state(self) -> str:
        """In a word or a line each."""
        if self.advisories is None:
            return "not answered"
        return "; ".join(self.advisories) or "none known"


def main() -> int:
    """Print the list; the status says what it comes to."""
    try:
        findings = [*python_findings(), *node_findings()]
    except (OSError, subprocess.TimeoutExpired, AuditFailed) as error:
        print(f"audit: {error}", file=sys.stderr)
        return FAILED
    for finding in findings:
        print(f"{finding.kind:5} {finding.name} {finding.version}  {finding.state}")
    status, verdict = judge(findings)
    print(f"\naudit: {verdict}")
    return status


def judge(findings: Sequence[Finding]) -> tuple[int, str]:
    """The status, and a sentence that says the same."""
    silent = Counter(one.kind for one in findings if one.advisories is None)
    advised = [one for one in findings if one.advisories]
    answered = len(findings) - silent.total()
    verdict = f"{answered} of {len(findings)} packages answered for, {len(advised)} with advisories"
    if silent:
        verdict += "; no answer for " + ", ".join(f"{n} of {kind}" for kind, n in silent.items())
    if advised:
        return ADVISED, verdict
    return (UNANSWERED if silent or not findings else 0), verdict


def python_findings() -> list[Finding]:
    """What pip-audit was told about each package of the lock, those of other platforms too."""
    packages = list(sbom.python_packages())
    found = []
    with tempfile.TemporaryDirectory() as directory:
        for file in _plain_requirements(packages, Path(directory)):
            command = [
                str(BIN / "pip-audit"),
                "--no-deps",
                "--disable-pip",
                "--progress-spinner=off",
            ]
            done = _run(*command, "--format=json", f"--requirement={file}")
            try:
                found += json.loads(done.stdout)["dependencies"]
            except (json.JSONDecodeError, KeyError):
                print(f"audit: pip-audit: {_last_line(done.stderr)}", file=sys.stderr)
    return read_python(found, [(one.name, one.version) for one in packages])


def _plain_requirements(packages: Sequence[sbom.Package], directory: Path) -> list[Path]:
    """Files without markers; two versions of a package cannot be in one of them."""
    files: list[list[str]] = []
    seen: Counter[str] = Counter()
    for one in packages:
        if seen[one.name] == len(files):
            files.append([])
        files[seen[one.name]].append(f"{one.name}=={one.version}\n")
        seen[one.name] += 1
    paths = [directory / f"{number}.txt" for number in range(len(files))]
    for path, lines in zip(paths, files, strict=True):
        path.write_text("".join(lines), "utf-8")
    return paths


def read_python(
    found: Iterable[dict[str, Any]], packages: Iterable[tuple[str, str]]
) -> list[Finding]:
    """Findings from pip-audit's JSON; a package that it skipped or left out was not answered."""
    answers = {(one["name"], one.get("version")): one for one in found if "skip_reason" not in one}
    findings = []
    for name, version in packages:
        answer = answers.get((name, version))
        advisories = None if answer is None else tuple(map(_python_advisory, answer["vulns"]))
        findings.append(Finding("pypi", name, version, advisories))
    return findings


def _python_advisory(advisory: dict[str, Any]) -> str:
    names = ", ".join([advisory["id"], *advisory.get("aliases", ())])
    versions = ", ".join(advisory["fix_versions"]) or "nothing yet"
    return f"{names}: mended by {versions}"


def node_findings() -> list[Finding]:
    """What `npm audit` was told about each package that may be in the bundle."""
    environment = web.node_environment()
    if environment is None:
        raise AuditFailed("there is no npm to ask with; see above")
    command = ("npm", "audit", "--omit=dev", "--json")
    done = _run(*command, cwd=sbom.NODE_LOCK.parent, environment=environment)
    packages = [(one.name, one.version) for one in sbom.node_packages()]
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        answer = {}
    if "vulnerabilities" not in answer:
        print(f"audit: npm: {answer.get('message') or _last_line(done.stderr)}", file=sys.stderr)
    return read_node(answer, packages)


def read_node(answer: dict[str, Any], packages: Iterable[tuple[str, str]]) -> list[Finding]:
    """Findings from npm's JSON; without its list of vulnerabilities nothing was answered."""
    known = answer.get("vulnerabilities")
    findings = []
    for name, version in packages:
        advisories = None if known is None else tuple(_node_advisories(known.get(name, {})))
        findings.append(Finding("npm", name, version, advisories))
    return findings


def _node_advisories(vulnerability: dict[str, Any]) -> Iterable[str]:
    for via in vulnerability.get("via", ()):
        # Text names another package that has the advisory itself.
        yield f"by {via}" if isinstance(via, str) else f"{via['url']} {via['title']} {via['range']}"


class AuditFailed(Exception):  # noqa: N818 (read as what happened)
    """The audit could not be made; the text says why."""


def _run(
    *command: str | Path, cwd: Path = sbom.ROOT, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Both clients end with 1 for advisories and for failures: what they print is what counts."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


if __name__ == "__main__":
    sys.exit(main())
