"""The studio as a process: light, ready when it says so, gone when asked or when its parent is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from footfall import studio
from footfall.errors import Unavailable
from footfall.home import Home
from footfall.settings import load_settings

HEAVY = ("pyarrow", "polars", "duckdb", "pyiceberg", "numpy", "sqlalchemy")
RUN = f"""
HEAVY = {HEAVY}"""
RUN += """
import sys
from pathlib import Path
from footfall import studio
from footfall.home import Home
from footfall.settings import load_settings

studio.run(
    Home(Path(sys.argv[1])),
    load_settings(overrides=["studio.port=0"]),
    "default",
    "token",
    parent_pipe_fd=int(sys.argv[2]) if len(sys.argv) > 2 else None,
    on_ready=lambda url: print(url, flush=True),
)
heavy = [name for name in HEAVY if name in sys.modules]
print("heavy:", *heavy)
"""


def start(home: Path, *arguments: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(home), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=pass_fds,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_stays_light_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    """It serves an empty home, never imports the libraries of the data path, and ends with 0."""
    with start(tmp_path) as process:
        try:
            url = first_line(process)
            with httpx.Client(base_url=url) as client:
                assert client.get("/open?token=token").status_code == 303
                assert client.get("/api/status").status_code == 200
                assert client.get("/api/live").status_code == 503
                assert client.get("/api/apps").status_code == 200
                assert client.get("/").status_code == 200
            process.send_signal(number)
            assert process.communicate(timeout=20)[0] == "heavy:\n"
            assert process.returncode == 0
        finally:
            process.kill()


def test_stops_when_its_parent_is_gone(tmp_path: Path) -> None:
    """A killed supervisor must not leave a server behind that holds the port."""
    read_fd, write_fd = os.pipe()
    try:
        with start(tmp_path, str(read_fd), pass_fds=(read_fd,)) as process:
            try:
                assert first_line(process).startswith("http://127.0.0.1:")
                os.close(write_fd)
                assert process.wait(20) == 0
            finally:
                process.kill()
    finally:
        os.close(read_fd)


def test_taken_port(tmp_path: Path) -> None:
    """The message says which setting to change."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings = load_settings(overrides=[f"studio.port={port}"])
        with pytest.raises(Unavailable, match=f"set studio.port: 127.0.0.1:{port}"):
            studio.run(Home(tmp_path), settings, "default", "token")
