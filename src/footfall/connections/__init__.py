"""Connections of a server, bounded: what collector and studio have in common below HTTP.

A stranger who sends nothing, little, slowly, too much or over too many connections costs a stated
amount and keeps nobody else out: when there are too many connections, the one that has kept us
waiting longest goes, never the newcomer; first of the same address, then of all. What a request may
hold before an application sees it (head, trailers, requests sent ahead) is bounded as well, and all
of it is given back with the connection. Nothing here is done for each request that is not needed to
know that it is an ordinary one. docs/threat-model.md says what each bound is worth.
"""

from __future__ import annotations

from footfall.connections._addresses import AddressGroups, as_address
from footfall.connections._connection import CONNECTION, Connection
from footfall.connections._crowd import Crowd
from footfall.connections._files import open_files_max
from footfall.connections._listen import authority, listen
from footfall.connections._server import Server

__all__ = [
    "CONNECTION",
    "AddressGroups",
    "Connection",
    "Crowd",
    "Server",
    "as_address",
    "authority",
    "listen",
    "open_files_max",
]
