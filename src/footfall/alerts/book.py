"""Rules and channels of a project: those in settings, and those that people added."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from footfall.errors import Conflict, Invalid
from footfall.metadata.alerts.reads import AlertReads
from footfall.settings import AlertSettings, ChannelSettings, RuleSettings
from footfall.settings.alerts import (
    CHANNELS_MAX,
    RULES_MAX,
    options_of,
    options_of_channel,
    read_channel,
    read_rule,
)

_Kind = TypeVar("_Kind")


class RuleBook(msgspec.Struct, frozen=True):
    """What there is at one moment."""

    rules: dict[str, RuleSettings]
    channels: dict[str, ChannelSettings]
    declared: frozenset[str]
    """Rules that are in settings: they change there only."""
    declared_channels: frozenset[str]
    zones: dict[str, str] = {}
    """Time zone of each app."""

    @classmethod
    def read(cls, settings: AlertSettings, reads: AlertReads) -> RuleBook:
        """As it is now; of one name, that in settings.

        What a later version wrote and this one does not understand is left out.

        Raises:
            Unavailable: metadata cannot be read now.
        """
        rules = _known(reads.rules(), read_rule) | settings.rules
        channels = _known(reads.channels(), read_channel) | settings.channels
        declared, declared_channels = frozenset(settings.rules), frozenset(settings.channels)
        return cls(rules, channels, declared, declared_channels, reads.time_zones())

    def rule(self, name: str) -> RuleSettings:
        """One rule. Raises `Invalid` if there is none of this name."""
        if name not in self.rules:
            names = ", ".join(sorted(self.rules)) or "none yet"
            raise Invalid(f"there is no such rule; there are: {names}: rule={name}")
        return self.rules[name]

    def channel(self, name: str) -> ChannelSettings:
        """One channel. Raises `Invalid` if there is none of this name."""
        if name not in self.channels:
            names = ", ".join(sorted(self.channels)) or "none yet"
            raise Invalid(f"there is no such channel; there are: {names}: channel={name}")
        return self.channels[name]

    def zone_of(self, rule: RuleSettings) -> str:
        """Time zone of its weeks: its own, that of its app, or UTC."""
        return rule.time_zone or self.zones.get(rule.app, "UTC")

    def check_new_rule(self, rule: RuleSettings) -> None:
        """Whether it can be added, or replace one.

        Raises:
            Invalid: a channel is not there, or there are too many rules.
            Conflict: settings have one of this name.
        """
        if rule.name in self.declared:
            raise Conflict(f"the rule is in the settings; change it there: rule={rule.name}")
        if missing := [name for name in rule.channels if name not in self.channels]:
            raise Invalid(
                "the rule has mistakes:",
                tuple(f"channels: there is no channel {name!r}; add it first" for name in missing),
            )
        if rule.name not in self.rules and len(self.rules) >= RULES_MAX:
            raise Invalid(f"there are as many rules as there may be; remove one: max={RULES_MAX}")

    def check_new_channel(self, channel: ChannelSettings) -> None:
        """Whether it can be added, or replace one; raises as `check_new_rule`."""
        if channel.name in self.declared_channels:
            raise Conflict(
                f"the channel is in the settings; change it there: channel={channel.name}"
            )
        if channel.name not in self.channels and len(self.channels) >= CHANNELS_MAX:
            raise Invalid(
                f"there are as many channels as there may be; remove one: max={CHANNELS_MAX}"
            )


def stored_rule(rule: RuleSettings) -> str:
    """As metadata has it."""
    return msgspec.json.encode(options_of(rule)).decode()


def stored_channel(channel: ChannelSettings) -> str:
    """As metadata has it, with its secrets."""
    return msgspec.json.encode(options_of_channel(channel)).decode()


def _known(
    stored: list[tuple[str, str]], read: Callable[[str, dict[str, Any]], _Kind]
) -> dict[str, _Kind]:
    parsed = ((name, _parsed(read, name, text)) for name, text in stored)
    return {name: one for name, one in parsed if one is not None}


@lru_cache(maxsize=2 * (RULES_MAX + CHANNELS_MAX))
def _parsed(read: Callable[[str, dict[str, Any]], _Kind], name: str, text: str) -> _Kind | None:
    """Cached: they are read each second, and with each request of the outbox, and rarely change."""
    try:
        return read(name, msgspec.json.decode(text, type=dict[str, Any]))
    except (Invalid, msgspec.MsgspecError):
        return None
