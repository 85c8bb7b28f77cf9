"""nginx and Caddy as deploy/ configures them, on free ports of the loopback."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.machine.tls.certificates import Pair

ROOT = Path(__file__).resolve().parents[2]
USER, PASSWORD = "ada", "correct horse"
START_SECONDS = 20


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def nginx(directory: Path, pair: Pair, collector: int, studio: int) -> Iterator[int]:
    """The port of a running nginx."""
    port = free_port()
    hashed = _output("openssl", "passwd", "-apr1", PASSWORD)
    passwords = directory / "htpasswd"
    passwords.write_text(f"{USER}:{hashed}\n")
    site = _replaced(
        (ROOT / "deploy/nginx/footfall.conf").read_text(),
        {
            "127.0.0.1:7700": f"127.0.0.1:{collector}",
            "127.0.0.1:7701": f"127.0.0.1:{studio}",
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/footfall/fullchain.pem": str(pair.certificate),
            "/etc/footfall/privkey.pem": str(pair.key),
            "/etc/footfall/htpasswd": str(passwords),
        },
    )
    temporary = "".join(
        f"{kind}_temp_path {directory}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    main = directory / "nginx.conf"
    main.write_text(
        f"{user} daemon off; pid {directory}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n"
    )
    with _running(["nginx", "-e", "stderr", "-p", str(directory), "-c", str(main)], port, {}):
        yield port


@contextlib.contextmanager
def caddy(directory: Path, pair: Pair, collector: int, studio: int) -> Iterator[int]:
    """The port of a running Caddy."""
    port = free_port()
    site = _replaced(
        (ROOT / "deploy/caddy/Caddyfile").read_text(),
        {
            "127.0.0.1:7700": f"127.0.0.1:{collector}",
            "127.0.0.1:7701": f"127.0.0.1:{studio}",
            "\nevents.example.com {": f"\nevents.example.com:{port} {{\n\tbind 127.0.0.1",
            "\nfootfall.example.com {": f"\nfootfall.example.com:{port} {{\n\tbind 127.0.0.1",
            "# tls /etc/footfall/fullchain.pem /etc/footfall/privkey.pem": (
                f"tls {pair.certificate} {pair.key}"
            ),
        },
    )
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    main = directory / "Caddyfile"
    main.write_text(options + site)
    hashed = _output("caddy", "hash-password", "--plaintext", PASSWORD)
    environ = {
        "FOOTFALL_USER": USER,
        "FOOTFALL_PASSWORD_HASH": hashed,
        "HOME": str(directory),
        "XDG_DATA_HOME": str(directory),
        "XDG_CONFIG_HOME": str(directory),
    }
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(main)]
    with _running(command, port, environ):
        yield port


def _replaced(text: str, changes: Mapping[str, str]) -> str:
    """Each must be there: a change of the file must not leave a test of nothing."""
    for old, new in changes.items():
        assert old in text, f"the file no longer has: {old}"
        text = re.sub(re.escape(old), lambda _, new=new: new, text)
    return text


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def _running(command: list[str], port: int, environ: Mapping[str, str]) -> Iterator[None]:
    with subprocess.Popen(
        command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            _wait_until_open(process, port)
            yield
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_open(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.stderr is not None
            raise AssertionError(process.stderr.read().decode())
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the proxy did not open its port")
