"""Jars of a server written in Java: what its pom names, with the content we know.

`<name>.pom.xml` says what, `<name>.sha256` lists each jar's digest, as `sha256sum` writes it. Maven
resolves and downloads; a jar that is not in the list, or not as in the list, is refused, also one
that was changed later. Needs `mvn` on the PATH, and Java 17 or newer in JAVA_HOME or on the PATH.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from . import BUILT, CannotRun, one_at_a_time

HERE: Final = Path(__file__).resolve().parent
COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
FETCH_SECONDS_MAX: Final = 20 * 60
JAVA_MIN: Final = 17


def java(tool: str = "java") -> str:
    """Path of Java, or of another tool of its kit.

    Raises:
        CannotRun: there is none, or it is too old.
    """
    kit = os.environ.get("JAVA_HOME")
    found = shutil.which(str(Path(kit) / "bin" / tool)) if kit else shutil.which(tool)
    if found is None:
        raise CannotRun(f"no {tool}; install openjdk-17-jdk-headless or set JAVA_HOME")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r"(\d+)", said.stdout + said.stderr)
    if version is None or int(version[1]) < JAVA_MIN:
        raise CannotRun(f"{tool} is older than {JAVA_MIN}; install openjdk-17-jdk-headless")
    return found


def fetch(name: str) -> Path:
    """Directory with exactly the jars of `<name>.sha256`, each checked now.

    Raises:
        CannotRun: no Maven, no network, or a jar is not the one that is listed.
    """
    listed = _listed(name)
    directory = BUILT / f"{name}-{hashlib.sha256(repr(listed).encode()).hexdigest()[:12]}"
    with one_at_a_time():
        if not directory.is_dir():
            fresh = _download(name)
            _check(name, fresh, listed)
            fresh.replace(directory)
    _check(name, directory, listed)
    return directory


def lock(name: str) -> None:
    """Write `<name>.sha256` of what Maven fetches for the pom now; look at the difference."""
    with one_at_a_time():
        found = _digests(_download(name))
    text = "".join(f"{digest}  {jar}\n" for jar, digest in sorted(found.items()))
    (HERE / f"{name}.sha256").write_text(text)


def _listed(name: str) -> dict[str, str]:
    lines = (HERE / f"{name}.sha256").read_text().splitlines()
    return {jar: digest for digest, jar in (line.split("  ") for line in lines)}


def _digests(directory: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(directory.iterdir())
    }


def _check(name: str, directory: Path, listed: dict[str, str]) -> None:
    found = _digests(directory)
    if found == listed:
        return
    other = sorted(dict(found.items() ^ listed.items()))
    raise CannotRun(
        f"not the jars of tools/servers/{name}.sha256: {', '.join(other[:5])};"
        f" remove {directory.relative_to(BUILT.parent.parent)} and what Maven keeps of them"
    )


def _download(name: str) -> Path:
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotRun("no Maven; install the package maven")
    print(f"fetching the jars of {name}, once: a minute or two", file=sys.stderr, flush=True)
    target = BUILT / f"{name}-new"
    shutil.rmtree(target, ignore_errors=True)
    pom = str(HERE / f"{name}.pom.xml")
    options = ("-DincludeScope=runtime", f"-DoutputDirectory={target}")
    try:
        done = subprocess.run(
            (maven, "--batch-mode", "--quiet", "--file", pom, COPY, *options),
            timeout=FETCH_SECONDS_MAX,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotRun("Maven took too long; try again on a better network") from None
    if done.returncode != 0:
        raise CannotRun(f"Maven failed: {' '.join((done.stdout + done.stderr).split())[:400]}")
    return target
