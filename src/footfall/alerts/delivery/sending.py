"""Telling one channel of some firings, once: the same for the outbox and for a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from footfall.alerts.actions.addresses import Reach
from footfall.alerts.delivery.telling import Told
from footfall.clock import SECOND, Clock
from footfall.errors import Invalid
from footfall.settings import AlertSettings, ChannelSettings

VERSION: Final = 1
TITLES_MAX: Final = 20
"""Firings that a message to people names; of others it says how many."""


class Body(msgspec.Struct, frozen=True):
    """Body of a webhook."""

    version: int
    project: str
    channel: str
    firings: Sequence[msgspec.Raw]
    """`footfall.alerts.delivery.telling.Told` each."""


class Sender:
    """Sends by the settings' bounds; threads may share it."""

    def __init__(self, settings: AlertSettings, project: str, clock: Clock) -> None:
        """Connect to nothing yet."""
        self._project = project
        self._clock = clock
        self._seconds = settings.send_time_max / SECOND
        self._reach = Reach(
            settings.hosts_allowed, settings.schemes_allowed, settings.private_addresses
        )

    def send(self, channel: ChannelSettings, bodies: Sequence[str]) -> None:
        """Tell it of these firings (`Told`, as JSON), in one request.

        Raises:
            Invalid: it may not, or its settings are wrong; trying again changes nothing by itself.
            Unavailable: it was not taken.
        """
        told = [msgspec.json.decode(body, type=Told) for body in bodies]
        if channel.kind == "webhook":
            from footfall.alerts.actions import webhook

            raw = [msgspec.Raw(body.encode()) for body in bodies]
            data = msgspec.json.encode(Body(VERSION, self._project, channel.name, raw))
            now = self._clock.now_us() // SECOND
            webhook.send(channel, data, told[0].delivery_id, now, self._reach, self._seconds)
        elif channel.kind == "apprise":
            from footfall.alerts.actions import notify

            title, text = message(told)
            notify.send(channel, title, text, self._reach, self._seconds)
        else:
            from footfall.alerts.actions import plugged

            plugged.act(channel.action, [_plain(one) for one in told])

    def test(self, channel: ChannelSettings) -> str:
        """Tell it of a made-up firing; what went wrong, or "" if it was taken."""
        now = self._clock.now_us()
        told = Told(
            f"test-{now}", 1, "firing", "test", "test", "", "", "a test of this channel", {}
        )
        try:
            self.send(channel, [msgspec.json.encode(told).decode()])
        except Invalid as error:
            return str(error)
        return ""


def message(told: Sequence[Told]) -> tuple[str, str]:
    """Title and text for people; each firing has its delivery id, for those who count."""
    lines = [f"{one.title} [{one.delivery_id}]" for one in told[:TITLES_MAX]]
    rest = [one.delivery_id for one in told[TITLES_MAX:]]
    if rest:
        lines.append(f"and {len(rest)} more: {' '.join(rest)}")
    title = told[0].title if len(told) == 1 else f"{len(told)} alerts, such as {told[0].title}"
    return f"Footfall: {title}", "\n".join(lines)


def _plain(told: Told) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(told)
    return plain
