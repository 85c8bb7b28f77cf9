"""An installed package with a decoder that ends the process, in a directory of the test's own."""

from __future__ import annotations

from pathlib import Path

PROTOCOL = "poisonous"

_MODULE = """
import ctypes, os
from collections import deque
from itertools import repeat
from footfall.decode.footfall.decoder import decode_footfall
from footfall.protocols import Protocol, Query, Route

kept = []

def decode(logged, settings):
    word = logged.request.header("referer") or ""
    if word == "exit":
        os._exit(7)
    if word == "segfault":
        ctypes.string_at(0)
    if word == "memory":
        while True:
            kept.append(b"x" * (16 << 20))
    if word == "some memory":
        kept.append(b"x" * (80 << 20))
    if word == "hang":
        deque(repeat(0), maxlen=0)  # in C, without letting go of the interpreter
    if word == "slow":
        while True:
            pass
    return decode_footfall(logged, settings)

route = Route(paths=("/poisonous",), keys=(Query("key"),))
protocol = Protocol(name="poisonous", routes=(route,), decoder=decode)
"""


def install(directory: Path, *, ends_when_loaded: bool = False) -> Path:
    """Lay the package out as installers do; the directory to put on the path."""
    info = directory / "poisonous-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: poisonous\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[footfall.protocols]\n{PROTOCOL} = poisonous:protocol\n"
    )
    text = "import os\nos._exit(3)\n" if ends_when_loaded else _MODULE
    (directory / "poisonous.py").write_text(text)
    return directory
