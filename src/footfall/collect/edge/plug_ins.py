"""Routes of installed packages, read without loading a package here.

Theory of operation. A route is data, but to get it the package must be imported, and that may do
anything: fail, hang, print, end the process, bring an engine along. So each is read in a process of
its own (`footfall.protocols.offer`), all at the same time, bounded in time and size. Where no
package brings a protocol, which is the usual case, nothing is started.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from footfall.collect.edge.routing import PluginRoutes, unclashing
from footfall.protocols import Route, plug_in_clashes, plug_in_names
from footfall.protocols.offer import LOAD_SECONDS_MAX, OFFER_BYTES_MAX, Offer
from footfall.settings import CollectorSettings

PLUG_INS_MAX: Final = 32
_SPARE_SECONDS: Final = 5
"""For the interpreter to start, on a busy machine."""


def plug_in_routes(settings: CollectorSettings) -> tuple[PluginRoutes, list[str]]:
    """Routes by protocol; and a sentence about each plug-in that cannot be used.

    Never raises for what a package does. Takes as long as the slowest of them, at most
    `LOAD_SECONDS_MAX` and what starting a process takes.
    """
    problems = plug_in_clashes()
    names = plug_in_names()
    if len(names) > PLUG_INS_MAX:
        left_out = ", ".join(names[PLUG_INS_MAX:])
        problems.append(f"more than {PLUG_INS_MAX} plug-ins; these take no requests: {left_out}")
    started = [(name, _start(name)) for name in names[:PLUG_INS_MAX]]
    offered: list[tuple[str, Sequence[Route]]] = []
    for name, child in started:
        offer = child if isinstance(child, Offer) else _finish(child)
        if offer.problem:
            problems.append(f"the plug-in {name} takes no requests: {offer.problem}")
        else:
            offered.append((name, offer.routes))
    found, clashes = unclashing(offered, settings)
    return found, [*problems, *clashes]


def _start(name: str) -> subprocess.Popen[bytes] | Offer:
    command = [sys.executable, "-m", "footfall.protocols.offer", name]
    try:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except (OSError, ValueError) as error:
        return Offer(problem=f"the process that reads it cannot be started: {error}")


def _finish(child: subprocess.Popen[bytes]) -> Offer:
    try:
        text, _ = child.communicate(timeout=LOAD_SECONDS_MAX + _SPARE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return Offer(problem=f"loading it takes more than {LOAD_SECONDS_MAX} s; mend or remove it")
    try:
        return msgspec.msgpack.decode(text[:OFFER_BYTES_MAX], type=Offer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        ending = f"status {child.returncode}"
        return Offer(problem=f"loading it ends the process ({ending}); mend or remove it")
