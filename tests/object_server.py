"""A real S3 server for tests, on this machine, that can be stopped and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.lake.store.objects import ObjectStore, S3Options

BUILDER = Path(__file__).parent.parent / "tools" / "versitygw.py"
ACCESS_KEY, SECRET_KEY = "a-test-key", "a-test-secret"
START_SECONDS_MAX = 60


class S3Server:
    """versitygw over a directory; each sub-directory of it is a bucket."""

    def __init__(self, binary: Path, directory: Path) -> None:
        self._binary = binary
        self._directory = directory
        for name in ("root", "meta", "home"):
            (directory / name).mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def options(self) -> S3Options:
        return S3Options(f"http://127.0.0.1:{self.port}", "us-east-1", ACCESS_KEY, SECRET_KEY)

    @property
    def environ(self) -> dict[str, str]:
        """The same as settings."""
        return {
            "FOOTFALL__LAKE__S3_ENDPOINT": self.options.endpoint,
            "FOOTFALL__LAKE__S3_REGION": self.options.region,
            "FOOTFALL__LAKE__S3_ACCESS_KEY": ACCESS_KEY,
            "FOOTFALL__LAKE__S3_SECRET_KEY": SECRET_KEY,
        }

    def bucket(self, name: str) -> str:
        """Make a bucket; its address."""
        (self._directory / "root" / name).mkdir()
        return f"s3://{name}"

    def store(self, root: str) -> ObjectStore:
        return ObjectStore(root, self.options)

    def start(self) -> None:
        """Ready to answer when it returns."""
        self._process = subprocess.Popen(
            [
                str(self._binary),
                *("--port", f"127.0.0.1:{self.port}", "--region", "us-east-1", "--quiet"),
                *("posix", "--sidecar", str(self._directory / "meta")),
                str(self._directory / "root"),
            ],
            env={
                "ROOT_ACCESS_KEY": ACCESS_KEY,
                "ROOT_SECRET_KEY": SECRET_KEY,
                "HOME": str(self._directory / "home"),
                "PATH": os.defpath,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert self._process.poll() is None, "the S3 server ended"
            assert time.monotonic() < deadline, "the S3 server does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        """As if its machine were gone; what it answered stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


def server_binary() -> Path:
    """The server, built once; skips, which fails with CI=true, where it cannot be."""
    done = subprocess.run(
        [sys.executable, str(BUILDER)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no S3 server: {done.stderr.strip()}")
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Running; whoever stops it starts it again."""
    server = S3Server(server_binary(), tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """Address of a bucket of the test's own."""
    return s3_server.bucket(f"lake-{uuid.uuid4().hex[:12]}")
