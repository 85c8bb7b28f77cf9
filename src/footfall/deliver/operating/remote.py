"""Destinations of files over HTTP: as `access.Deliveries`, kept elsewhere."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from footfall.deliver.operating.report import DeliveryReport

AskStudio = Callable[[str, str, Any, Any], Any]
"""Method, target, body and the type of the answer."""


class _Deliveries(msgspec.Struct):
    deliveries: list[DeliveryReport]


class _Paused(msgspec.Struct):
    paused_at: int


class RemoteDeliveries:
    """See `Deliveries`: the same names, the same answers, the same errors."""

    def __init__(self, ask: AskStudio) -> None:
        """`ask` is signed in, by a link."""
        self._ask = ask

    def list(self) -> builtins.list[DeliveryReport]:
        """How each gets on, by name."""
        found: _Deliveries = self._ask("GET", "/api/deliveries", None, _Deliveries)
        return found.deliveries

    def pause(self, name: str) -> int:
        """Have nothing written to it until `resume`; since when, microseconds."""
        return self._said(name, "pause").paused_at

    def resume(self, name: str) -> None:
        """Go on with it."""
        self._said(name, "resume")

    def _said(self, name: str, verb: str) -> _Paused:
        target = f"/api/deliveries/{quote(name, safe='')}/{verb}"
        found: _Paused = self._ask("POST", target, None, _Paused)
        return found
