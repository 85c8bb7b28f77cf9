"""The studio over TLS, its own or a reverse proxy's: the cookie and the origins follow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from footfall.clock import SystemClock
from footfall.home import Home
from footfall.signin import Sessions
from tests.machine.tls.certificates import make_pair

RUN = """
import sys
from pathlib import Path
from footfall import studio
from footfall.home import Home
from footfall.settings import load_settings

studio.run(
    Home(Path(sys.argv[1])),
    load_settings(overrides=["studio.port=0", *sys.argv[2:]]),
    "default",
    on_ready=lambda url: print(url, flush=True),
)
"""


@contextmanager
def _serving(home: Path, *overrides: str) -> Iterator[str]:
    Sessions(SystemClock(), Home(home).studio_file).add_link("token")
    command = [sys.executable, "-c", RUN, str(home), *overrides]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def test_own_tls(tmp_path: Path) -> None:
    """Another program on the machine that takes the port without TLS must not get the cookie."""
    pair = make_pair(tmp_path)
    with (
        _serving(tmp_path / "home", *pair.settings("studio")) as url,
        httpx.Client(base_url=url, verify=pair.trusting()) as client,
    ):
        assert url.startswith("https://127.0.0.1:")
        answer = client.get("/open?token=token")
        assert answer.status_code == 303
        assert "; Secure" in answer.headers["set-cookie"]
        assert client.get("/api/status").status_code == 200
        ask = {"sql": "SELECT 1"}
        plain = url.replace("https:", "http:")
        assert client.post("/api/sql", json=ask, headers={"origin": plain}).status_code == 403
        assert client.post("/api/sql", json=ask, headers={"origin": url}).status_code == 503


def test_public_address_of_a_reverse_proxy(tmp_path: Path) -> None:
    """Its name is ours too, any other still is not, and forwarded headers change nothing."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    overrides = (f"studio.port={port}", "studio.public_url=https://footfall.example")
    with (
        _serving(tmp_path / "home", *overrides) as url,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        assert url == "https://footfall.example"
        public = {"host": "footfall.example"}
        answer = client.get("/open?token=token", headers=public)
        assert answer.status_code == 303
        assert "; Secure" in answer.headers["set-cookie"]
        forged = {"host": "evil.example", "x-forwarded-host": "footfall.example"}
        assert client.get("/", headers=forged).status_code == 421
        cookie = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
        headers = {**public, **cookie, "origin": "https://footfall.example"}
        assert client.post("/api/sql", json={"sql": "SELECT 1"}, headers=headers).status_code == 503
        headers["origin"] = "http://footfall.example"
        assert client.post("/api/sql", json={"sql": "SELECT 1"}, headers=headers).status_code == 403
