"""Section `[alerts]`: bounds, and the rules and channels that are declared there.

A rule and a channel are the same wherever they come from: settings, command line, HTTP, Python. All
are read here, from what TOML and JSON have in common, and every mistake is found at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, Literal, get_origin, get_type_hints

import msgspec

from footfall.clock import DAY, SECOND
from footfall.errors import Invalid
from footfall.secret import Secret
from footfall.settings.kinds import Count, Duration, Size, parse_duration

RuleKind = Literal["session", "metric", "anomaly"]
Measure = Literal["count", "rate", "ratio", "quantile", "value", "absence"]
Over = Literal["events", "sessions"]
Direction = Literal["both", "up", "down"]
ChannelKind = Literal["webhook", "apprise", "action"]

RULES_MAX: Final = 200
CHANNELS_MAX: Final = 50
SQL_LENGTH_MAX: Final = 4_000
WINDOW_MIN: Final = 10 * SECOND
WINDOW_MAX: Final = 7 * DAY
OVERLAP_MAX: Final = 60
"""Windows that one event may be in."""
COOL_DOWN_MAX: Final = 30 * DAY

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_COMMON: Final = frozenset({"kind", "app", "channels", "cool_down", "enabled"})
_MEASURED: Final = frozenset(
    {"over", "definition", "measure", "of", "quantile", "where", "window", "every", "minimum"}
)
_OPTIONS: Final[dict[RuleKind, frozenset[str]]] = {
    "session": _COMMON | {"when", "definition"},
    "metric": _COMMON | _MEASURED | {"above", "below"},
    "anomaly": _COMMON | _MEASURED | {"weeks", "deviations", "direction", "time_zone"},
}
"""What each kind can be told."""


class RuleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; a table `[alerts.rules.<name>]`. Durations are texts such as `5m`."""

    name: str
    kind: RuleKind
    app: str = ""
    """Only of this app; "": of all together."""
    channels: tuple[str, ...] = ()
    """Who is told; nobody: firings are in the history only."""
    cool_down: str = "0s"
    """After a firing that was told, others of so long are noted and not told."""
    enabled: bool = True
    when: str = ""
    """Of sessions: an SQL condition over the columns of `sessions`."""
    definition: str = ""
    """Which session definition; "": the default."""
    over: Over = "events"
    """What is measured."""
    measure: Measure = "count"
    of: str = ""
    """SQL expression: what `ratio` holds true of, `quantile` is of, or `value` is, an aggregate."""
    quantile: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.95
    where: str = ""
    """SQL condition: which rows are measured."""
    window: str = "5m"
    every: str = ""
    """How often a window begins; "": when the last one ends."""
    above: float | None = None
    below: float | None = None
    minimum: Annotated[int, msgspec.Meta(ge=0, le=10**12)] = 0
    """Windows of fewer rows fire never; of an anomaly the median of the weeks counts as well."""
    weeks: Annotated[int, msgspec.Meta(ge=2, le=52)] = 4
    deviations: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 5.0
    direction: Direction = "both"
    time_zone: str = ""
    """IANA name, by whose clock an anomaly's weeks are; "": that of the app, UTC without one."""

    @property
    def window_us(self) -> int:
        """Microseconds."""
        return parse_duration(self.window)

    @property
    def every_us(self) -> int:
        """Microseconds."""
        return parse_duration(self.every or self.window)

    @property
    def cool_down_us(self) -> int:
        """Microseconds."""
        return parse_duration(self.cool_down)


class ChannelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where firings are sent; a table `[alerts.channels.<name>]`."""

    name: str
    kind: ChannelKind
    url: Secret = Secret()
    """Of a webhook, or as Apprise writes it."""
    secret: Secret = Secret()
    """What webhooks are signed with."""
    action: str = ""
    """Name of an entry point in the group `footfall.actions`."""

    @property
    def shown(self) -> str:
        """Where it leads, for people: nothing that would let them send there."""
        if self.kind == "action":
            return self.action
        scheme, _, rest = self.url.shown.partition("://")
        if self.kind == "apprise":
            return f"{scheme}://…"
        host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
        return f"{scheme}://{host}/…"


class AlertSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[alerts]`."""

    batch_max: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    send_time_max: Duration
    retry_min: Duration
    retry_max: Duration
    tries_max: Count
    age_max: Duration
    waiting_max: Count
    history_age_max: Duration
    revise_age_max: Duration
    memory_max: Size
    hosts_allowed: tuple[str, ...]
    schemes_allowed: tuple[str, ...]
    private_addresses: bool
    channels: dict[str, ChannelSettings] = {}
    rules: dict[str, RuleSettings] = {}


def read_rules(value: Any) -> dict[str, RuleSettings]:
    """The tables `[alerts.rules.<name>]`; raises `ValueError` with all mistakes."""
    return _read_all(value, RULES_MAX, "rules", read_rule)


def read_channels(value: Any) -> dict[str, ChannelSettings]:
    """The tables `[alerts.channels.<name>]`; raises `ValueError` with all mistakes."""
    return _read_all(value, CHANNELS_MAX, "channels", read_channel)


def read_rule(name: str, options: Mapping[str, Any]) -> RuleSettings:
    """One rule, from what TOML and JSON can say.

    Raises:
        Invalid: with every mistake in `problems`.
    """
    kind: RuleKind | None = next((one for one in _OPTIONS if one == options.get("kind")), None)
    if kind is None:
        raise Invalid("the rule has mistakes:", (f"kind is one of {', '.join(_OPTIONS)}",))
    valid = _OPTIONS[kind]
    problems = [
        f"{option} is no option of kind {kind}; there are {', '.join(sorted(valid))}"
        for option in sorted(set(options) - valid)
    ]
    given = {option: value for option, value in options.items() if option in valid}
    found: RuleSettings | None = _converted(RuleSettings, name, given, problems)
    problems += _name_problems(name)
    if found is not None:
        problems += _wrong_with(found)
    if problems or found is None:
        raise Invalid("the rule has mistakes:", tuple(problems))
    return found


def read_channel(name: str, options: Mapping[str, Any]) -> ChannelSettings:
    """One channel, from what TOML and JSON can say.

    Raises:
        Invalid: with every mistake in `problems`; what may be a secret is not repeated.
    """
    problems = [f"no option {one!r}" for one in sorted(set(options) - _channel_options())]
    given = {option: value for option, value in options.items() if option in _channel_options()}
    for option in ("url", "secret"):
        if option in given:
            if not isinstance(given[option], str):
                problems.append(f"{option} is a text")
            given[option] = Secret(str(given[option]))
    found: ChannelSettings | None = _converted(ChannelSettings, name, given, problems)
    problems += _name_problems(name)
    if found is not None:
        problems += _wrong_with_channel(found)
    if problems or found is None:
        raise Invalid("the channel has mistakes:", tuple(problems))
    return found


def options_of(rule: RuleSettings) -> dict[str, Any]:
    """What `read_rule` reads the rule from."""
    valid = _OPTIONS[rule.kind]
    return {
        option: list(value) if isinstance(value, tuple) else value
        for option, value in msgspec.to_builtins(rule).items()
        if option in valid and value is not None
    }


def changed_options(rule: RuleSettings, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a rule with some changed; what is none is as if it had never been said.

    With another `kind`, options that it has no use for are left out.
    """
    kind = next((one for one in _OPTIONS if one == changes.get("kind")), rule.kind)
    kept = {name: value for name, value in options_of(rule).items() if name in _OPTIONS[kind]}
    return {name: value for name, value in {**kept, **changes}.items() if value is not None}


def options_of_channel(channel: ChannelSettings) -> dict[str, Any]:
    """What `read_channel` reads the channel from, its secrets among it."""
    given = {
        "kind": channel.kind,
        "url": channel.url.shown,
        "secret": channel.secret.shown,
        "action": channel.action,
    }
    return {name: text for name, text in given.items() if text}


def read_changes(texts: Iterable[str]) -> dict[str, Any]:
    """Options of a rule as people write them in a terminal: `above=5`, `channels=ops,mail`.

    An empty value is none: what it is without being said.

    Raises:
        Invalid: with every mistake in `problems`.
    """
    hints, problems = get_type_hints(RuleSettings), []
    found: dict[str, Any] = {}
    known = sorted(set().union(*_OPTIONS.values()))
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name not in known:
            problems.append(f"write option=value, of {', '.join(known)}, not {text!r}")
        elif not value:
            found[name] = None
        elif hints[name] == tuple[str, ...]:
            found[name] = [one.strip() for one in value.split(",") if one.strip()]
        elif get_origin(hints[name]) is Literal or hints[name] is str:
            found[name] = value
        else:
            try:
                found[name] = msgspec.json.decode(value, type=hints[name], strict=False)
            except msgspec.MsgspecError:
                problems.append(f"{name} is a number, or true or false, not {value!r}")
    if problems:
        raise Invalid("the change has mistakes:", tuple(problems))
    return found


def _channel_options() -> frozenset[str]:
    return frozenset({"kind", "url", "secret", "action"})


def _read_all(
    value: Any, most: int, what: str, read: Callable[[str, Mapping[str, Any]], Any]
) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise ValueError(f"a table for each, such as [alerts.{what}.NAME]")
    if len(value) > most:
        raise ValueError(f"at most {most} {what}, not {len(value)}")
    found, problems = {}, []
    for name, options in value.items():
        try:
            found[name] = read(name, options)
        except Invalid as error:
            problems += [f"{name}: {problem}" for problem in error.problems]
    if problems:
        raise ValueError("; ".join(problems))
    return found


def _converted(kind: Any, name: str, given: Mapping[str, Any], problems: list[str]) -> Any:
    """The struct, or none where a value is of a wrong type; each is told."""
    hints = get_type_hints(kind, include_extras=True)
    read: dict[str, Any] = {"name": name}
    is_whole = True
    for option, value in given.items():
        try:
            is_secret = isinstance(value, Secret)
            read[option] = value if is_secret else msgspec.convert(value, hints[option])
        except msgspec.ValidationError as error:
            problems.append(f"{option}: {error}")
            is_whole = False
    if "kind" not in read:
        problems.append("kind is missing")
        return None
    return kind(**read) if is_whole else None


def _name_problems(name: str) -> Iterable[str]:
    if not _NAME.fullmatch(name):
        yield f"a name has letters, digits and _.-, 64 at most, not {name!r}"


def _wrong_with(rule: RuleSettings) -> Iterable[str]:
    for option in ("when", "of", "where"):
        if len(getattr(rule, option)) > SQL_LENGTH_MAX:
            yield f"{option} is at most {SQL_LENGTH_MAX} characters"
    if len(set(rule.channels)) < len(rule.channels) or len(rule.channels) > CHANNELS_MAX:
        yield f"channels are at most {CHANNELS_MAX}, each once"
    try:
        if rule.cool_down_us > COOL_DOWN_MAX:
            yield "cool_down is at most 30d"
    except ValueError as error:
        yield f"cool_down: {error}"
    if rule.kind == "session":
        if not rule.when.strip():
            yield "when is missing: a condition such as duration_ms < 20000"
        return
    yield from _wrong_windows(rule)
    yield from _wrong_measure(rule)


def _wrong_windows(rule: RuleSettings) -> Iterable[str]:
    try:
        window, every = rule.window_us, rule.every_us
    except ValueError as error:
        yield f"window and every: {error}"
        return
    if not WINDOW_MIN <= window <= WINDOW_MAX:
        yield "window is from 10s to 7d"
    if not every or window % every or window // every > OVERLAP_MAX:
        yield f"every is a whole part of window, at least one {OVERLAP_MAX}th of it"


def _wrong_measure(rule: RuleSettings) -> Iterable[str]:
    needs_of = rule.measure in ("ratio", "quantile", "value")
    if needs_of and not rule.of.strip():
        yield f"of is missing: the SQL expression that {rule.measure} is of"
    if not needs_of and rule.of.strip():
        yield f"{rule.measure} has no of; where says which rows count"
    if rule.definition and rule.over != "sessions":
        yield "definition is of sessions: say over = sessions as well"
    if rule.kind == "anomaly" and rule.measure == "absence":
        yield "absence is of kind metric"
    if rule.time_zone and not _is_zone(rule.time_zone):
        yield f"time_zone is an IANA name such as Europe/Berlin, not {rule.time_zone!r}"
    if rule.kind != "metric":
        return
    bounds = [bound for bound in (rule.above, rule.below) if bound is not None]
    if rule.measure == "absence":
        if bounds or rule.minimum:
            yield "absence has no bounds: it fires when nothing came for a window"
    elif not bounds:
        yield "say above or below: when it fires"
    elif any(bound != bound or abs(bound) == float("inf") for bound in bounds):  # noqa: PLR0124
        yield "above and below are finite numbers"


def _is_zone(name: str) -> bool:
    import zoneinfo  # six modules, which the start of every verb would pay for

    return name in zoneinfo.available_timezones()


def _wrong_with_channel(channel: ChannelSettings) -> Iterable[str]:
    text = channel.url.shown
    if channel.kind == "action":
        if not _NAME.fullmatch(channel.action):
            yield "action is the name of an entry point in the group footfall.actions"
        if text or channel.secret:
            yield "an action has neither url nor secret"
        return
    if channel.action:
        yield f"{channel.kind} has no action"
    if channel.kind == "webhook":
        if not re.fullmatch(r"https?://[^\s/?#@]+(?:[/?][^\s#]*)?", text):
            yield "url is an address such as https://host/path, without user and password"
        if len(channel.secret.shown) < 16:
            yield "secret has at least 16 characters: webhooks are signed with it"
    elif not re.fullmatch(r"[a-z0-9]+://\S+", text):
        yield "url is as Apprise writes it, such as mailto://user:password@host"
    elif channel.secret:
        yield "apprise has no secret of its own; it is in the url"
