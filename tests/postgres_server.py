"""A real PostgreSQL for tests, on this machine, that can be stopped and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "postgres"
START_SECONDS_MAX = 60


class PostgresServer:
    """One cluster in a directory of its own; who runs it is never root."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self._binaries = binaries
        self._data = directory / "data"
        self._directory = directory
        self._as: dict[str, str] = {"user": USER} if os.geteuid() == 0 else {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        password = directory / "password"
        password.write_text("a-test-password")
        password.chmod(0o644)
        options = ("-A", "scram-sha-256", "-U", USER, "--pwfile", str(password))
        self._run("initdb", "-D", str(self._data), "--no-sync", "-E", "UTF8", *options)

    @property
    def uri(self) -> str:
        """Without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    password = "a-test-password"  # noqa: S105 (of a server that lives for a test)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._directory} -F"
        log = str(self._directory / "log")
        wait = ("-w", "-t", str(START_SECONDS_MAX))
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-o", options, *wait, "start")

    def stop(self) -> None:
        """At once: connections are cut."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / name), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **self._as,  # type: ignore[call-overload]
        )


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A running server; skips, which fails with CI=true, where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL; install the package postgresql")
    directory = Path(tempfile.mkdtemp(prefix="footfall-pg-"))
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam(USER)
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        server = PostgresServer(found[-1].parent, directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Running; whoever stops it starts it again."""
    with postgres() as server:
        yield server
