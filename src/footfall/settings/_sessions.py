"""Section `[sessions]`: session definitions by name, each with options of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

import msgspec

from footfall.clock import DAY
from footfall.settings.kinds import Count, Duration, read_duration

Kind = Literal["gap", "step", "day", "client"]
UserCut = Literal["never", "other", "any"]

DEFINITIONS_MAX: Final = 20
"""Each costs an epoch as much again for sessions."""
KEY_COLUMNS_MAX: Final = 8
NAMES_MAX: Final = 100
NAME_CHARS_MAX: Final = 200
VALUE_MAX: Final = 10**9
"""Largest value of a goal."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")
_COLUMN: Final = re.compile(
    r"(?:visitor_id|user_id|device_id|client_session_id|ip|platform|browser|os|device_category"
    r"|language|geo_country|app_version|page_host|user_agent|properties\.[A-Za-z0-9_-]{1,64})"
)
_OPTIONS: Final[dict[Kind, frozenset[str]]] = {
    "gap": frozenset(
        {
            *("gap", "length_max", "events_max", "time_zone", "time_zones"),
            *("cut_at_midnight", "cut_on_campaign", "cut_on_user", "keep_alive"),
        }
    ),
    "step": frozenset({"step"}),
    "day": frozenset({"time_zone", "time_zones"}),
    "client": frozenset({"gap", "length_max", "events_max", "keep_alive"}),
}
"""What each kind can be told besides `kind`, `version`, `key` and `not_interaction`."""


class DefinitionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Table `[sessions.definitions.<name>]`. What is none is taken from `[sessions]`."""

    kind: Kind
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    key: tuple[str, ...] = ()
    """Columns of the event; none: the kind's own."""
    gap: Duration | None = None
    length_max: Duration | None = None
    events_max: Count | None = None
    step: Duration | None = None
    time_zone: str = "UTC"
    time_zones: dict[str, str] = {}
    """By app, where another than `time_zone`."""
    cut_at_midnight: bool = False
    cut_on_campaign: bool = False
    keep_alive: tuple[str, ...] = ()
    """Names of events that keep a session alive and begin none."""
    not_interaction: tuple[str, ...] = ("page_ping",)
    """Names of events that are no interaction, for bounces and views."""
    cut_on_user: UserCut = "never"
    """`other`: from one known user to another; `any`: from anonymous to known, too."""

    @property
    def span(self) -> int:
        """Microseconds that a session may last at most."""
        return self.step or 2 * DAY if self.kind in ("step", "day") else self.length_max or 0


class SessionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[sessions]`."""

    gap: Duration
    length_max: Duration
    events_max: Count
    hot_age: Duration
    # Plans of epochs from before these settings lack them.
    repair_events_max: Count = 1_000_000
    repair_visitors_max: Count = 1_000
    hot_max: Count = 10_000_000
    file_rows_min: Count = 32_768
    default: str = "gap"
    definitions: dict[str, DefinitionSettings] = {}
    goals: dict[str, dict[str, float]] = {}
    """By app and name of the event; what one is worth that brings no value."""
    engaged_after: Duration = 10_000_000
    engaged_views: Count = 2
    bounced: Literal["not_engaged", "one_event"] = "not_engaged"
    events_of_users: Literal["alone", "join"] = "alone"
    """What becomes of events without a visitor that have a user."""

    @property
    def named(self) -> dict[str, DefinitionSettings]:
        """All that run, the default first, with the options that they leave to `[sessions]`."""
        found = dict(self.definitions)
        first = found.pop(self.default, DefinitionSettings("gap"))
        return {name: self.whole(one) for name, one in ({self.default: first} | found).items()}

    def whole(self, one: DefinitionSettings) -> DefinitionSettings:
        """With the options that it leaves to `[sessions]`."""
        if one.kind not in ("gap", "client"):
            return one
        return msgspec.structs.replace(
            one,
            gap=one.gap or self.gap,
            length_max=one.length_max or self.length_max,
            events_max=one.events_max or self.events_max,
        )

    @property
    def reach(self) -> int:
        """Microseconds that a repair may look back, by the definition that needs most."""
        return max((one.gap or 0) + 2 * one.span for one in self.named.values())


def read_definitions(value: Any) -> dict[str, DefinitionSettings]:
    """The tables `[sessions.definitions.<name>]`.

    Raises:
        ValueError: what is wrong with the first that is wrong, and what is valid.
    """
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 (a person's mistake, told as all are)
            "a table for each definition, such as [sessions.definitions.quick]"
        )
    if len(value) > DEFINITIONS_MAX:
        raise ValueError(f"at most {DEFINITIONS_MAX} definitions, not {len(value)}")
    return {name: _read(name, options) for name, options in value.items()}


def _read(name: str, options: Any) -> DefinitionSettings:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"a name of lower-case letters, digits and _, a letter first, 30 at most; not {name!r}"
        )
    if not isinstance(options, dict) or options.get("kind") not in get_args(Kind):
        raise ValueError(f"{name}: kind is one of {', '.join(get_args(Kind))}")
    valid = _OPTIONS[options["kind"]] | {"kind", "version", "key", "not_interaction"}
    if wrong := sorted(set(options) - valid):
        raise ValueError(
            f"{name}: kind {options['kind']} has no option {wrong[0]}; there are"
            f" {', '.join(sorted(valid))}"
        )
    hints = get_type_hints(DefinitionSettings, include_extras=True)
    read = {}
    for option, value in options.items():
        try:
            is_duration = hints[option] == Duration | None
            read[option] = read_duration(value) if is_duration else value
        except ValueError as error:
            raise ValueError(f"{name}.{option}: {error}") from None
    try:
        found = msgspec.convert(read, DefinitionSettings)
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {error}") from None
    for problem in _wrong_with(found):
        raise ValueError(f"{name}: {problem}")
    return found


def read_definition(name: str, options: Any, sessions: SessionSettings) -> DefinitionSettings:
    """One more definition beside those of `sessions`, with every option that it leaves to them.

    Raises:
        ValueError: what is wrong with it, and what is valid.
    """
    if name in sessions.named:
        raise ValueError(
            f"the settings have a definition {name!r}; give this one another name, and compare"
        )
    if len(sessions.named) >= DEFINITIONS_MAX:
        raise ValueError(f"at most {DEFINITIONS_MAX} definitions; drop one first")
    return sessions.whole(_read(name, options))


def _wrong_with(one: DefinitionSettings) -> Iterable[str]:
    import zoneinfo

    if one.kind == "step" and one.step is None:
        yield 'step is missing: the length of a window, such as "30s"'
    if len(set(one.key)) < len(one.key) or len(one.key) > KEY_COLUMNS_MAX:
        yield f"key names at most {KEY_COLUMNS_MAX} columns, each once"
    for names in (one.keep_alive, one.not_interaction):
        if len(names) > NAMES_MAX or not all(0 < len(name) <= NAME_CHARS_MAX for name in names):
            yield (
                f"keep_alive and not_interaction name at most {NAMES_MAX} events, of at most"
                f" {NAME_CHARS_MAX} characters each"
            )
    for column in one.key:
        if not _COLUMN.fullmatch(column):
            yield (
                "key is made of visitor_id, user_id, device_id, client_session_id, ip, platform,"
                " browser, os, device_category, language, geo_country, app_version, page_host,"
                f" user_agent and properties.<name>, not {column!r}"
            )
    for zone in (one.time_zone, *one.time_zones.values()):
        if zone not in zoneinfo.available_timezones():
            yield f"a time zone is an IANA name such as Europe/Berlin, not {zone!r}"


def read_goals(value: Any) -> dict[str, dict[str, float]]:
    """The tables `[sessions.goals.<app>]`: name of the event = what it is worth.

    Raises:
        ValueError: it is something else; what is valid.
    """
    try:
        found = msgspec.convert(value, dict[str, dict[str, float]])
    except msgspec.ValidationError as error:
        raise ValueError(
            f"a table for each app, such as goals.shop = {{ purchase = 0 }}: {error}"
        ) from None
    worth = [amount for goals in found.values() for amount in goals.values()]
    if any(not abs(amount) <= VALUE_MAX for amount in worth):
        raise ValueError(f"a goal is worth at most {VALUE_MAX}")
    return found


def beyond_sessions(sessions: SessionSettings) -> Iterable[str]:
    """What is wrong with the section as a whole."""
    if sessions.default not in sessions.definitions and sessions.default != "gap":
        yield (
            f"sessions.default: no definition {sessions.default!r}; write a table"
            f" [sessions.definitions.{sessions.default}], or name one of"
            f" {', '.join(['gap', *sessions.definitions])}"
        )
        return
    first = next(iter(sessions.named.values()))
    if first.keep_alive:
        yield (
            "sessions.default: events name its sessions from the first on, so it has no keep_alive;"
            f" give {sessions.default} another name, and: footfall sessions switch"
        )
    if first.kind == "client" or first.key not in ((), ("visitor_id",)):
        yield (
            "sessions.default: events name the default's sessions, so its key must be visitor_id;"
            f" here {first.kind} with key {', '.join(first.key) or 'of the SDK'}"
        )
