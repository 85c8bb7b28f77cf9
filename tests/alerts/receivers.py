"""Real receivers on loopback: they count firings by delivery id, and check what they get."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a-secret-of-the-test"  # noqa: S105
_ID = re.compile(r"\b[0-9a-f]{32}\b")


class Receiver:
    """An HTTP server that takes webhooks, or refuses them while told so."""

    def __init__(self) -> None:
        self.arrived: Counter[tuple[str, int]] = Counter()
        """How often each notice came: delivery id and sequence."""
        self.firings: dict[str, dict[str, Any]] = {}
        self.requests = 0
        self.wrong: list[str] = []
        self.status = 200
        self.poison: set[str] = set()
        """Delivery ids that it refuses, with all that comes in the same request."""
        self.headers: dict[str, str] = {}
        self.changed = threading.Condition()
        self.url = ""

    def take(self, headers: dict[str, str], body: bytes) -> int:
        stamp = headers.get("footfall-timestamp", "")
        signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        with self.changed:
            self.requests += 1
            if headers.get("footfall-signature") != f"sha256={signed.hexdigest()}":
                self.wrong.append("signature")
                return 403
            firings = json.loads(body)["firings"]
            if self.poison & {one["delivery_id"] for one in firings}:
                return 422
            if self.status == 200:
                for one in firings:
                    self.arrived[one["delivery_id"], one["sequence"]] += 1
                    self.firings[one["delivery_id"]] = one
            self.changed.notify_all()
            return self.status

    def wait(self, count: int, seconds: float = 60) -> None:
        """Until so many notices came."""
        with self.changed:
            done = self.changed.wait_for(lambda: len(self.arrived) >= count, seconds)
        assert done, f"{len(self.arrived)} of {count} came; wrong: {self.wrong}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(headers, body))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002
            del format

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?token=not-shown"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


class Mail:
    """What an SMTP server took."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.texts: list[str] = []
        self.changed = threading.Condition()
        self.url = f"mailto://127.0.0.1:{port}?from=a@shop.example&to=b@shop.example"

    def take(self, text: str) -> None:
        """A message is here; it is answered after this."""
        with self.changed:
            self.texts.append(text)
            self.changed.notify_all()

    def ids(self) -> Counter[str]:
        """How often each delivery id came."""
        return Counter(one for text in self.texts for one in _ID.findall(text))

    def wait(self, ids: Iterable[str], seconds: float = 60) -> None:
        """Until each of these came."""
        wanted = set(ids)
        with self.changed:
            done = self.changed.wait_for(lambda: wanted <= set(self.ids()), seconds)
        assert done, f"{len(wanted - set(self.ids()))} of {len(wanted)} did not come by mail"


@contextmanager
def mailing() -> Iterator[Mail]:
    """A real SMTP server on a free port."""
    from aiosmtpd.controller import Controller

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            del server, session
            parsed = message_from_bytes(envelope.content, policy=default)
            body = parsed.get_body(("plain", "html"))
            mail.take(f"{parsed['subject']}\n{body.get_content() if body else ''}")
            return "250 taken"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    mail = Mail(port)
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mail
    finally:
        controller.stop()
