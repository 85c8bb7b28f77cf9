"""A project's alerts over HTTP: as `footfall.alerts.access.Alerts`, kept by a studio elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self
from urllib.parse import urlencode

import msgspec

from footfall.alerts.desk import ChannelView, History, RuleView
from footfall.alerts.rules.backtest import BackTest
from footfall.errors import Unavailable

AskStudio = Callable[[str, str, Any, Any], Any]
"""Method, target, body and the type of the answer."""


class _Book(msgspec.Struct):
    rules: list[RuleView]
    channels: list[ChannelView]


class _Change(msgspec.Struct):
    count: int
    until: int


class _ChannelTest(msgspec.Struct):
    taken: bool
    problem: str


class RemoteAlerts:
    """See `footfall.alerts.access.Alerts`: the same names, the same answers, the same errors."""

    def __init__(self, ask: AskStudio) -> None:
        """`ask` is signed in."""
        self._ask = ask

    def rules(self) -> list[RuleView]:
        """All rules, by name, and how they get on."""
        return self._book().rules

    def channels(self) -> list[ChannelView]:
        """All channels, by name, and how they get on."""
        return self._book().channels

    def add(self, name: str, **options: Any) -> None:
        """Add a rule, or replace one."""
        self._post("rules", name=name, options=options)

    def change(self, name: str, **options: Any) -> None:
        """Change some options of a rule that was added; the others stay."""
        self._post("rules/change", name=name, options=options)

    def remove(self, name: str) -> None:
        """Forget a rule; what fired stays."""
        self._post("rules/remove", name=name)

    def add_channel(self, name: str, **options: Any) -> None:
        """Add a channel, or replace one."""
        self._post("channels", name=name, options=options)

    def change_channel(self, name: str, **options: Any) -> None:
        """Change some options of a channel; the others stay, its secret too."""
        self._post("channels/change", name=name, options=options)

    def remove_channel(self, name: str) -> None:
        """Forget a channel that no rule names."""
        self._post("channels/remove", name=name)

    def test_channel(self, name: str) -> None:
        """Send a made-up firing now. Raises `Unavailable` if nobody took it."""
        target = "/api/alerts/channels/test"
        found: _ChannelTest = self._ask("POST", target, {"name": name}, _ChannelTest)
        if not found.taken:
            raise Unavailable(found.problem)

    def mute(self, name: str, duration: str) -> int:
        """Tell nobody of a rule for so long, `2h`; `0s` ends it. Until when, microseconds."""
        return self._post("rules/mute", name=name, duration=duration).until

    def acknowledge(self, delivery_ids: Sequence[str], by: str) -> int:
        """Note that somebody has seen them; how many were not noted before."""
        return self._post("history/acknowledge", delivery_ids=list(delivery_ids), by=by).count

    def revive(self) -> int:
        """Send again what was given up; how many notices."""
        return self._post("history/retry").count

    def history(self, limit: int = 100, *, rule: str = "", after: str = "") -> History:
        """A page of firings, newest first; `after` is the page before's `next`."""
        query = urlencode({"limit": limit, "rule": rule, "after": after})
        found: History = self._ask("GET", f"/api/alerts/history?{query}", None, History)
        return found

    def test(self, name: str, over: str = "30d", **options: Any) -> BackTest:
        """When a rule would have fired: as it is, or, of `options`, as it would be added."""
        body = {"name": name, "over": over, "options": options or None}
        found: BackTest = self._ask("POST", "/api/alerts/test", body, BackTest)
        return found

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _book(self) -> _Book:
        found: _Book = self._ask("GET", "/api/alerts", None, _Book)
        return found

    def _post(self, target: str, **body: Any) -> _Change:
        found: _Change = self._ask("POST", f"/api/alerts/{target}", body or None, _Change)
        return found
