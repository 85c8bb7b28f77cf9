"""One request of a batch of events, and what its answer asks for.

All that it needs is imported with it. A thread that imports holds the lock of the module, and a
fork at that moment leaves it held for ever in the child, where the next one to import it waits.
"""

from __future__ import annotations

import contextlib
import encodings.idna  # noqa: F401 (sockets import it for their first host)
import enum
import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from footfall.errors import Invalid

EVENTS_PATH: Final = "/v1/events"
_BODY_TOO_LARGE: Final = 413
_TOO_MANY_REQUESTS: Final = 429
_KEY_ADVICE: Final = " See write_id= or key= of the Client, and `footfall key list`."
_URL_ADVICE: Final = " Is url= of the Client the address of a collector?"
_ADVICE: Final = {
    **dict.fromkeys((401, 403), _KEY_ADVICE),
    **dict.fromkeys((301, 302, 303, 307, 308, 404, 405), _URL_ADVICE),
}


class Verdict(enum.Enum):
    """What to do after an attempt."""

    DONE = "done"
    TRY_AGAIN = "try again"
    """Nothing was done, or nobody knows: the same events, with the same ids, once more."""
    SPLIT = "split"
    """Too large: send in smaller batches."""
    REFUSED = "refused"
    """Sending it again changes nothing."""


@dataclass(frozen=True)
class Reply:
    """Verdict and, unless done, one sentence about why."""

    verdict: Verdict
    reason: str = ""
    advice: str = ""
    """Where to look, if that is known; begins with a space."""


class Poster:
    """Posts batches over one keep-alive connection; used by one thread at a time."""

    def __init__(
        self, url: str, write_id: str | None, key: str | None, timeout_seconds: float
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            url: `http://` or `https://` address of the collector; a path is kept as a prefix.
            write_id: Public id of an app; or
            key: secret server key. One of both.
            timeout_seconds: For connecting and for each read.

        Raises:
            Invalid: the address is none, not exactly one of `write_id` and `key` is given, or it
                has characters that none has.
        """
        if (write_id is None) == (key is None):
            raise Invalid("give either write_id (public) or key (secret), not both")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"not an address to send to; write http://127.0.0.1:7700: {url!r}")
        for name, text in (("write_id", write_id), ("key", key), ("path", parts.path)):
            if text is not None and not _is_sendable(text):
                raise Invalid(f"{name} has characters that none has; copy it again, whole")
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._is_tls = parts.scheme == "https"
        self._host, self._port = parts.hostname, port
        self._path = parts.path.rstrip("/") + EVENTS_PATH
        self._timeout_seconds = timeout_seconds
        self._headers = {"content-type": "application/json", "user-agent": "footfall-python/0.1"}
        if key is not None:
            self._headers["authorization"] = f"Bearer {key}"
        elif write_id is not None:
            self._headers["x-write-id"] = write_id
        self._connection: http.client.HTTPConnection | None = None

    def post(self, events: Sequence[str], sent_at: str) -> Reply:
        """Send events, each a JSON text, in one request; `sent_at` in RFC 3339."""
        body = f'{{"sent_at":"{sent_at}","events":[{",".join(events)}]}}'.encode()
        try:
            status, text = self._exchange(body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Reply(Verdict.TRY_AGAIN, f"{type(error).__name__}: {error}".rstrip(": "))
        except ValueError as error:  # such as a host name that no name service takes
            self.close()
            return Reply(Verdict.REFUSED, f"{type(error).__name__}: {error}", _URL_ADVICE)
        return _judge(status, text, len(events))

    def close(self) -> None:
        """Close the connection; the next post opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, body: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=self._timeout_seconds)
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def _is_sendable(text: str) -> bool:
    """Whether it can stand in a line of HTTP."""
    return text.isascii() and text.isprintable() and " " not in text


def _judge(status: int, text: bytes, events: int) -> Reply:
    if 200 <= status < 300:
        if _document(text).get("quarantined") is not True:
            return Reply(Verdict.DONE)
        reason = "kept among the failed events, because nobody knows this write id"
        return Reply(Verdict.REFUSED, reason, _KEY_ADVICE)
    reason = f"answered {status}{_detail(text)}"
    if status >= 500 or status == _TOO_MANY_REQUESTS:
        return Reply(Verdict.TRY_AGAIN, reason)
    if status == _BODY_TOO_LARGE and events > 1:
        return Reply(Verdict.SPLIT, reason)
    return Reply(Verdict.REFUSED, reason, _ADVICE.get(status, ""))


def _detail(text: bytes) -> str:
    """The sentence of an RFC 9457 answer, if it is one."""
    detail = _document(text).get("detail")
    return f": {detail[:200]}" if isinstance(detail, str) else ""


def _document(text: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):
        document = json.loads(text)
        if isinstance(document, dict):
            return document
    return {}
