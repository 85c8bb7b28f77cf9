"""Where a demo's alerts end: a webhook on the loopback that writes what it is told into a log."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.server
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import typer

from footfall.clock import Clock, SystemClock

BODY_BYTES_MAX: Final = 4 << 20
SHOWN_MAX: Final = 3
"""Lines that are printed at a time; a terminal is for looking at, the log has them all."""
SHOWN_EVERY: Final = 10.0
"""Seconds between such times."""


class Hook:
    """Takes firings; each goes to the log once, whatever is sent again."""

    def __init__(
        self, log: Path, secret: str, *, is_shown: bool, clock: Clock | None = None
    ) -> None:
        """Write to `log`; `is_shown` prints some lines as well, once `show` was called."""
        self.log = log
        self._secret = secret.encode()
        self._may_show = is_shown
        self._is_showing = False
        self._clock = clock or SystemClock()
        self._shown_from = -SHOWN_EVERY
        self._shown = 0
        self._lock = threading.Lock()
        self._firings: dict[str, dict[str, Any]] = {}

    def show(self) -> None:
        """Print from now on: at most `SHOWN_MAX` lines in `SHOWN_EVERY`, and how many came else."""
        self._is_showing = self._may_show

    @property
    def standing(self) -> list[dict[str, Any]]:
        """Firings that were not withdrawn."""
        with self._lock:
            return [one for one in self._firings.values() if one["state"] == "firing"]

    def take(self, body: bytes, headers: Any) -> bool:
        """Keep a delivery; false if nobody who knows the secret sent it."""
        signed = headers.get("footfall-timestamp", "").encode() + b"." + body
        expected = "sha256=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, headers.get("footfall-signature", "")):
            return False
        with self._lock, self.log.open("a", encoding="utf-8") as log:
            for firing in msgspec.json.decode(body)["firings"]:
                known = self._firings.get(firing["delivery_id"])
                if known is not None and known["sequence"] >= firing["sequence"]:
                    continue
                self._firings[firing["delivery_id"]] = firing
                line = f"{firing['at']}  {firing['title']}"
                log.write(line + "\n")
                if self._is_showing:
                    self._print(line)
        return True

    def _print(self, line: str) -> None:
        now = self._clock.monotonic()
        if now - self._shown_from >= SHOWN_EVERY:
            if self._shown > SHOWN_MAX:
                typer.echo(f"… and {self._shown - SHOWN_MAX:,} more, in {self.log.name}")
            self._shown_from, self._shown = now, 0
        self._shown += 1
        if self._shown <= SHOWN_MAX:
            typer.echo(line)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who went away before the answer is nobody's trouble; anything else is told as ever."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextlib.contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """A small server on a free port of the loopback while the block runs; its address."""
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, name="demo server", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def handler_of(hook: Hook) -> type[http.server.BaseHTTPRequestHandler]:
    """Answers the webhook's requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            is_taken = size <= BODY_BYTES_MAX and hook.take(self.rfile.read(size), self.headers)
            self.send_response(204 if is_taken else 403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
