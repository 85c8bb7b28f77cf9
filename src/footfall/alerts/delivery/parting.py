"""A request that is refused is taken apart, so that one firing does not take the others along.

A receiver that answers 4xx may dislike one firing of a hundred: a page's address that its firewall
takes for an attack, a text that its database does not take. So what was refused goes in halves:

    100 refused → 50 taken, 50 refused → 25 taken, 25 refused → … → 1 refused: that is the one

It costs two requests for each halving. A receiver that refuses everything would cost two for each
firing: after `REFUSALS_MAX` refusals the rest is left for the next try. Each of those firings that
was refused alone waits longer then than the others, so that the next try begins with others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from footfall.alerts.actions import Refused
from footfall.errors import FootfallError
from footfall.metadata.alerts.store import Notice

REFUSALS_MAX: Final = 24
"""Of one try: enough to find two firings among a thousand (`alerts.batch_max` at most)."""


class Parted(msgspec.Struct):
    """What became of the notices of one try that were not taken."""

    refused: list[tuple[Notice, str]] = msgspec.field(default_factory=list)
    """Each was refused alone; with what was said."""
    left: list[Notice] = msgspec.field(default_factory=list)
    """Nobody knows yet: they were refused among others, or not sent any more."""
    error: FootfallError | None = None
    """Why `left` is left."""
    taken: int = 0


def send_in_parts(
    notices: Sequence[Notice],
    send: Callable[[Sequence[Notice]], None],
    on_taken: Callable[[Sequence[Notice]], None],
) -> Parted:
    """Send all, in as few requests as it takes to find those that are refused.

    Args:
        notices: Of one channel, at least one.
        send: Sends some in one request; what it raises other than `Refused` ends the try.
        on_taken: Called with each part that was taken, before the next is sent.
    """
    parted, refusals = Parted(), 0
    waiting = [list(notices)]
    while waiting:
        part = waiting.pop()
        try:
            send(part)
        except Refused as error:
            refusals += 1
            if len(part) == 1:
                parted.refused.append((part[0], str(error)))
                parted.error = error
            else:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
            is_over = refusals >= REFUSALS_MAX
        except FootfallError as error:
            parted.error, is_over = error, True
            waiting.append(part)
        else:
            parted.taken += len(part)
            on_taken(part)
            is_over = False
        if is_over:
            parted.left = [one for rest in reversed(waiting) for one in rest]
            break
    return parted
