"""Which events no person made: marked, with the reason, never dropped.

A crawler is one whatever else the event says. An HTTP library is a bot only when nothing else says
who sends: an app or a server whose event names its platform and its SDK is none.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich.columns import column, per_distinct
from footfall.enrich.step import Columns, Step, event_fields
from footfall.enrich.steps.crawlers import Sender, sender_of
from footfall.event import EVENT_SCHEMA

BOT_REASON: Final = "user_agent"
_CATEGORY: Final = "bot"
_FIELDS: Final = (("is_crawler", pa.bool_()), ("is_library", pa.bool_()))


class BotSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[enrich.bots]`."""

    libraries: Literal["unnamed", "always", "never"] = "unnamed"


def mark_bots(events: pa.Table, settings: BotSettings) -> Columns:
    """`is_bot`, `bot_reasons`, and the device category `bot`."""
    found = per_distinct(column(events, "user_agent"), _sender, _FIELDS)
    is_library = pc.fill_null(found["is_library"], False)
    if settings.libraries == "never":
        is_library = pc.and_(is_library, False)
    elif settings.libraries == "unnamed" and pc.any(is_library).as_py():
        is_named = pc.and_(
            pc.is_valid(column(events, "platform")), pc.is_valid(column(events, "sdk_name"))
        )
        is_library = pc.and_not(is_library, is_named)
    is_bot = pc.or_(pc.fill_null(found["is_crawler"], False), is_library)
    return {
        "is_bot": is_bot,
        "bot_reasons": _REASONS.take(pc.cast(is_bot, pa.int32())),
        "device_category": pc.if_else(is_bot, _CATEGORY, column(events, "device_category")),
    }


def warm_up() -> None:
    """Load the list of crawlers: 0.1 s."""
    sender_of("warm-up")


def _sender(user_agent: str) -> tuple[bool, bool]:
    sender = sender_of(user_agent)
    return sender is Sender.BOT, sender is Sender.LIBRARY


_REASONS: Final = pa.array([None, [BOT_REASON]], EVENT_SCHEMA.field("bot_reasons").type)
"""By `is_bot`."""

BOTS: Final = Step(
    name="bots",
    version=1,
    reads=("user_agent", "platform", "sdk_name", "device_category"),
    writes=event_fields("is_bot", "bot_reasons", "device_category"),
    run=mark_bots,
    settings=BotSettings,
    warm_up=warm_up,
)
