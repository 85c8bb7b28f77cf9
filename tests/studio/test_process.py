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
from footfall.clock import SystemClock
from footfall.errors import Unavailable
from footfall.home import Home
from footfall.settings import load_settings
from footfall.signin import Sessions, fresh_link

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
    load_settings(overrides=[f"studio.port={sys.argv[2]}"]),
    "default",
    parent_pipe_fd=int(sys.argv[3]) if len(sys.argv) > 3 else None,
    on_ready=lambda url: print(url, flush=True),
)
heavy = [name for name in HEAVY if name in sys.modules]
print("heavy:", *heavy)
"""


def start(
    home: Path, *arguments: str, port: int = 0, pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(home), str(port), *arguments],
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
    Sessions(SystemClock(), Home(tmp_path).studio_file).add_link("token")
    with start(tmp_path) as process:
        try:
            url = first_line(process)
            with httpx.Client(base_url=url) as client:
                assert client.get("/open?token=token").status_code == 303
                assert client.get("/api/status").status_code == 200
                assert client.get("/api/live").status_code == 503
                assert client.get("/api/apps").status_code == 200
                assert client.get("/api/snippets").status_code == 200
                tables = client.get("/api/sql/tables", timeout=60)
                assert (tables.status_code, tables.json()["code"]) == (503, "unavailable")
                assert client.get("/").status_code == 200
            process.send_signal(number)
            assert process.communicate(timeout=20)[0] == "heavy:\n"
            assert process.returncode == 0
        finally:
            process.kill()


def test_killed_studio_knows_links_and_sessions_again(tmp_path: Path) -> None:
    """A crash must not bring a used link back to life, nor make everybody sign in again."""
    home = Home(tmp_path)
    Sessions(SystemClock(), home.studio_file).add_link("token")
    with start(tmp_path) as process:
        url = first_line(process)
        opened = httpx.get(f"{url}/open?token=token")
        assert opened.status_code == 303
        process.kill()
    with start(tmp_path, port=int(url.rpartition(":")[2])) as process:
        try:
            assert first_line(process) == url
            again = httpx.get(f"{url}/open?token=token")
            assert (again.status_code, again.json()["code"]) == (403, "forbidden")
            cookies = dict(opened.cookies)
            assert httpx.get(f"{url}/api/status", cookies=cookies).status_code == 200
            fresh = fresh_link(home, load_settings(overrides=["studio.port=1"]))
            token = fresh.rpartition("=")[2]
            assert httpx.get(f"{url}/open?token={token}").status_code == 303
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
                assert process.wait(60) == 0
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
            studio.run(Home(tmp_path), settings, "default")
