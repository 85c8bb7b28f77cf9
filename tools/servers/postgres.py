"""PostgreSQL from the system's package, in a directory of its own; never run by root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from . import CannotRun
from .process import free_port

USER = "postgres"
START_SECONDS_MAX = 60


def binaries() -> Path:
    """Directory of the newest version that is installed.

    Raises:
        CannotRun: there is none.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise CannotRun("no PostgreSQL; install the package postgresql")
    return found[-1].parent


class PostgresServer:
    """A cluster in a directory that it makes, since its user must reach it, and removes."""

    password = "a-test-password"  # noqa: S105 (of a server that lives for a test)

    def __init__(self) -> None:
        self._binaries = binaries()
        self._as: dict[str, str] = {"user": USER} if os.geteuid() == 0 else {}
        self._directory = Path(tempfile.mkdtemp(prefix="footfall-pg-"))
        self._data = self._directory / "data"
        self.port = free_port()
        try:
            self._make()
        except BaseException:
            self.remove()
            raise

    def _make(self) -> None:
        if os.geteuid() == 0:
            owner = pwd.getpwnam(USER)
            os.chown(self._directory, owner.pw_uid, owner.pw_gid)
        password = self._directory / "password"
        password.write_text(self.password)
        password.chmod(0o644)
        options = ("-A", "scram-sha-256", "-U", USER, "--pwfile", str(password))
        self._run("initdb", "-D", str(self._data), "--no-sync", "-E", "UTF8", *options)

    @property
    def uri(self) -> str:
        """Without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"

    @property
    def jdbc(self) -> dict[str, str]:
        """The same as a REST catalog's `database`."""
        uri = f"jdbc:postgresql://127.0.0.1:{self.port}/postgres"
        return {"uri": uri, "jdbc.user": USER, "jdbc.password": self.password}

    def start(self) -> None:
        """Ready for clients when it returns."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._directory} -F"
        log = str(self._directory / "log")
        wait = ("-w", "-t", str(START_SECONDS_MAX))
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-o", options, *wait, "start")

    def stop(self) -> None:
        """At once: connections are cut."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """Its data, when it is stopped."""
        shutil.rmtree(self._directory)

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / name), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **self._as,  # type: ignore[call-overload]
        )

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if (self._data / "postmaster.pid").exists():
                self.stop()
        finally:
            self.remove()
