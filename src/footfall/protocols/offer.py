"""One plug-in's routes, read in a process of its own: `python -m footfall.protocols.offer NAME`.

The collector starts it. Whatever loading the package does, hang, end the process, take memory or
print, happens here, and the collector goes on without it and stays small.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

import msgspec

from footfall.errors import FootfallError
from footfall.protocols._registry import load_plug_in
from footfall.protocols._route import Route

LOAD_SECONDS_MAX: Final = 10
OFFER_BYTES_MAX: Final = 4 << 20


class Offer(msgspec.Struct, frozen=True):
    """What a plug-in brings for the collector."""

    routes: tuple[Route, ...] = ()
    problem: str = ""
    """Why it brings nothing; a sentence."""


def read_offer(name: str) -> Offer:
    """Load the plug-in and say what it brings."""
    try:
        return Offer(load_plug_in(name).routes)
    except FootfallError as error:
        return Offer(problem=str(error))
    except Exception as error:  # supervisor: whatever a package does when it is loaded
        return Offer(problem=f"it cannot be loaded: {type(error).__name__}: {str(error)[:500]}")


def _main(name: str) -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what the package prints is for people
    signal.alarm(LOAD_SECONDS_MAX)  # also if the collector is gone by then
    offer = msgspec.msgpack.encode(read_offer(name))
    signal.alarm(0)
    with os.fdopen(answers, "wb") as stream:
        stream.write(offer)
    sys.stdout.flush()
    os._exit(0)  # threads of the package may be there still


if __name__ == "__main__":
    _main(sys.argv[1])
