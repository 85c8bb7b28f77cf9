"""Reading a request's body within bounds, whatever its headers promise."""

from __future__ import annotations

from typing import Final, NamedTuple

from footfall.collect._http import Message, Receive

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


class Budget:
    """Bytes of bodies that are being read, of all connections together."""

    def __init__(self, bytes_max: int) -> None:
        """Nothing is used yet."""
        self.bytes_max = bytes_max
        self.used = 0


class OverBudgetError(Exception):
    """Too many bytes are being read at this moment."""


class TooLargeError(Exception):
    """The body is over the limit and the protocol refuses that."""


async def read_body(
    receive: Receive, budget: Budget, declared: int | None, bytes_max: int, *, cut: bool
) -> Body | None:
    """Read the body of a request.

    Args:
        receive: ASGI's.
        budget: Shared bound on memory.
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
    return await _read_parts(receive, budget, message, declared or 0, bytes_max, cut=cut)


async def _read_parts(
    receive: Receive,
    budget: Budget,
    message: Message,
    declared: int,
    bytes_max: int,
    *,
    cut: bool,
) -> Body | None:
    reading = _Reading(budget, bytes_max, cut=cut)
    try:
        while True:
            reading.add(message.get("body", b""))
            if not message.get("more_body", False):
                return reading.body(0, is_drained=True)
            if reading.size > bytes_max * DRAIN_FACTOR:
                return reading.body(declared, is_drained=False)
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
    finally:
        reading.release()


class _Reading:
    """A body of several parts."""

    def __init__(self, budget: Budget, bytes_max: int, *, cut: bool) -> None:
        self.size = 0
        self._budget = budget
        self._bytes_max = bytes_max
        self._cut = cut
        self._parts: list[bytes] = []
        self._held = 0

    def add(self, part: bytes) -> None:
        was_over = self.size > self._bytes_max
        self.size += len(part)
        if was_over:
            return
        self._parts.append(part)
        self._hold(len(part))
        if self.size > self._bytes_max:
            if not self._cut:
                raise TooLargeError
            kept = b"".join(self._parts)[: min(CUT_BYTES, self._bytes_max)]
            self._hold(len(kept) - self._held)
            self._parts = [kept]

    def body(self, declared: int, *, is_drained: bool) -> Body:
        return Body(b"".join(self._parts), max(self.size, declared), is_drained)

    def release(self) -> None:
        self._hold(-self._held)

    def _hold(self, change: int) -> None:
        if change > 0 and self._budget.used + change > self._budget.bytes_max:
            raise OverBudgetError
        self._budget.used += change
        self._held += change
