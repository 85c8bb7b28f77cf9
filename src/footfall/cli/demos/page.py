"""The page of `footfall demo touchwood`, and what arrived of it."""

from __future__ import annotations

import http.server
import threading
from typing import TYPE_CHECKING, Any, Final

import msgspec

from footfall.errors import FootfallError
from footfall.recipes.systems.touchwood import LANGUAGES, PAGE_FILE, PATH, WOODS

if TYPE_CHECKING:
    from footfall.home import Home

ARRIVED_SQL: Final = """
SELECT client_session_id AS token, epoch_ms(event_time) AS at, event_name AS tag,
    properties ->> '$.value' AS value, properties ->> '$.latitude' AS latitude,
    properties ->> '$.longitude' AS longitude
FROM events WHERE client_session_id = ? ORDER BY event_time DESC LIMIT 20
"""
_SECURITY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src *;"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Arrived:
    """Reads back what a page sent; one statement at a time."""

    def __init__(self, home: Home) -> None:
        """Open nothing yet."""
        self._home = home
        self._lock = threading.Lock()
        self._project: Any = None
        self._is_closed = False

    def __enter__(self) -> Arrived:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:  # a page may be asking just now
            self._is_closed = True
            if self._project is not None:
                self._project.close()

    def of(self, token: str) -> list[dict[str, Any]]:
        """Newest first; nothing while nothing can be read."""
        import footfall

        with self._lock:
            if self._is_closed:
                return []
            try:
                if self._project is None:
                    self._project = footfall.open(self._home.root)
                found: list[dict[str, Any]] = self._project.sql(ARRIVED_SQL, token).rows()
            except FootfallError:
                return []
            return found


def page_handler(
    arrived: Arrived, collector: str, client_id: str
) -> type[http.server.BaseHTTPRequestHandler]:
    """Answers `/`, and `/arrived?<token>`."""
    told = {
        "url": f"{collector}{PATH}",
        "clientId": client_id,
        "woods": WOODS,
        "languages": LANGUAGES,
    }
    page = PAGE_FILE.read_text().replace("{/* told */}", msgspec.json.encode(told).decode())

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            path, _, token = self.path.partition("?")
            if path == "/":
                self._answer(200, page.encode(), "text/html; charset=utf-8")
            elif path == "/arrived":
                rows = arrived.of(token[:64])
                self._answer(200, msgspec.json.encode(rows), "application/json")
            else:
                self._answer(404, b"nothing is here", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("cache-control", "no-store")
            self.send_header("content-security-policy", _SECURITY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
