"""A server process that listens on 127.0.0.1, and the port it gets."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections. While a server is down, one of
those might take its port: then it could not start again."""
_next_port = itertools.cycle(_PORTS)
for _ in range(os.getpid() * 7_919 % len(_PORTS)):  # far apart for processes with numbers in a row
    next(_next_port)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    for _ in _PORTS:
        port = next(_next_port)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("every port is taken")


class Server:
    """One process: started, stopped or killed, and started again on the same port and data.

    Args:
        directory: Where its data and `<name>.log` lie; it must exist.
        name: Of its log and in messages.
    """

    start_seconds_max = 60
    stop_seconds_max = 30

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory
        self.name = name
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the running process; `None` while there is none."""
        return None if self._process is None else self._process.pid

    def command(self) -> Sequence[str]:
        """What to run."""
        raise NotImplementedError

    def variables(self) -> Mapping[str, str] | None:
        """Environment of the process; `None`: ours."""
        return None

    def answers(self) -> bool:
        """Whether clients are served; may raise `OSError` for no."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True

    def start(self) -> None:
        """Ready for clients when it returns; nothing if it runs.

        Raises:
            RuntimeError: another listens on its port, so clients would speak to that; or it ended,
                or does not answer: the end of its log is in the text.
        """
        if self._process is not None:
            return
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            raise RuntimeError(f"{self.name} cannot start: another took its port, {self.port}")
        with (self.directory / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                env=self.variables(),
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C reaches whoever started it, who stops it in order
            )
        deadline = time.monotonic() + self.start_seconds_max
        while True:
            with contextlib.suppress(OSError):
                if self.answers():
                    return
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.kill()
                what = "ended" if ended else "does not answer"
                raise RuntimeError(f"{self.name} {what}: {self._last_words()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end, and wait; one that does not end in time is killed."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self.stop_seconds_max)
        self.kill()

    def kill(self) -> None:
        """As if its machine were gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _last_words(self) -> str:
        text = (self.directory / f"{self.name}.log").read_text(errors="replace")
        return " ".join(text.split())[-600:]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # Ctrl-C while it was waited for
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
