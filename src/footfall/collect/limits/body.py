"""Reading a request's body within bounds, whatever its headers promise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final, NamedTuple

from footfall.collect.http.asgi import Message, Receive
from footfall.collect.limits.budget import Budget, Hold, Source

CUT_BYTES: Final = 64 * 1024
"""How much of a body over the limit is kept where the request is taken all the same."""

DRAIN_FACTOR: Final = 16
"""Bodies are read, and thrown away, up to this many times the limit: an answer given while the
client still sends is lost with the connection, and an SDK would send the same body for ever."""


class Body(NamedTuple):
    """A body, or what there is of it."""

    data: bytes
    size: int
    """Bytes on the wire; more than `len(data)` if it was over the limit and cut."""
    is_drained: bool = True
    """All of it was read: the connection can go on."""


class TooLargeError(Exception):
    """The body is over the limit and the protocol refuses that."""


async def read_body(
    receive: Receive,
    budget: Budget,
    source: Callable[[], Source],
    declared: int | None,
    bytes_max: int,
    *,
    cut: bool,
) -> Body | None:
    """Read the body of a request.

    Args:
        receive: ASGI's.
        budget: Shared bound on memory.
        source: Where it comes from; asked only for a body that does not come in one piece.
        declared: Content-Length, if there is one.
        bytes_max: Largest body.
        cut: Take a larger one too and keep its first `CUT_BYTES`.

    Returns:
        The body; `None` when the client went away before its end.

    Raises:
        TooLargeError: over `bytes_max`, unless `cut`.
        OverBudgetError: no memory for it now.
    """
    if declared is not None and declared > bytes_max and not cut:
        raise TooLargeError
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    data = message.get("body", b"")
    if not message.get("more_body", False) and len(data) <= bytes_max:
        return Body(data, len(data))  # came with its headers: nearly all do
    with contextlib.closing(Hold(budget, source())) as hold:
        return await _read_parts(receive, hold, message, declared or 0, bytes_max, cut=cut)


async def _read_parts(
    receive: Receive, hold: Hold, message: Message, declared: int, bytes_max: int, *, cut: bool
) -> Body | None:
    reading = _Reading(hold, bytes_max, cut=cut)
    while True:
        reading.add(message.get("body", b""))
        if not message.get("more_body", False):
            return reading.body(0, is_drained=True)
        if reading.size > bytes_max * DRAIN_FACTOR:
            return reading.body(declared, is_drained=False)
        message = await receive()
        if message["type"] == "http.disconnect":
            return None


class _Reading:
    """A body of several parts."""

    def __init__(self, hold: Hold, bytes_max: int, *, cut: bool) -> None:
        self.size = 0
        self._hold = hold
        self._bytes_max = bytes_max
        self._cut = cut
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        was_over = self.size > self._bytes_max
        self.size += len(part)
        if was_over:
            return
        self._hold.set(self._hold.bytes + len(part), self.size)
        self._parts.append(part)
        if self.size > self._bytes_max:
            if not self._cut:
                raise TooLargeError
            kept = b"".join(self._parts)[: min(CUT_BYTES, self._bytes_max)]
            self._parts = [kept]
            self._hold.set(len(kept), self.size)

    def body(self, declared: int, *, is_drained: bool) -> Body:
        return Body(b"".join(self._parts), max(self.size, declared), is_drained)
