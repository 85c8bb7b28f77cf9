"""Settings: one frozen, typed tree; `defaults.toml` beside this module is its commented reference.

Order: defaults < `$FOOTFALL_HOME/footfall.toml` < environment (`FOOTFALL__LOG__SEGMENT_BYTES_MAX`)
< command line (`--set log.segment_bytes_max=32MiB`). Durations become integers in microseconds
(`_us` is implied by the type `Duration`), sizes become bytes. All mistakes are listed at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, cast, get_args, get_origin, get_type_hints

import msgspec

from footfall.clock import DAY, HOUR, MINUTE, SECOND, US_PER_MS
from footfall.errors import Invalid
from footfall.secret import Secret
from footfall.settings._beyond import beyond_one, beyond_type
from footfall.settings._sessions import DefinitionSettings as DefinitionSettings
from footfall.settings._sessions import SessionSettings as SessionSettings
from footfall.settings._sessions import beyond_sessions, read_definitions, read_goals
from footfall.settings.kafka import KafkaSettings, problems_of_kafka, too_small_for
from footfall.settings.kinds import Age, Bound, Count, CountBySize, Duration, Port, Size

UNLIMITED: Final = "unlimited"
BY_SIZE: Final = "by size"
EVENT_BYTES_MIN: Final = 192
"""A body may have an event for so many bytes of `inflated_bytes_max`: with 16 MiB 87,381, more than
fit into 1 MiB that is sent as it is, and far more than SDKs' events of 300 bytes and more."""
FOREVER: Final = "forever"
_ENRICH: Final = "enrich"
_WITH_PARTS: Final = ("ENRICH", "LOG")
"""Sections with sections of their own, such as `[log.kafka]`."""
_DAY_US: Final = 24 * 3600 * 1_000_000
RETENTION_SLACK: Final = _DAY_US
"""Days are dropped whole."""
LATE_AGE_MIN: Final = _DAY_US
"""Least lateness of events that is left when old days go."""
_DURATION_UNITS: Final = {"ms": US_PER_MS, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SIZE_UNITS: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_QUANTITY: Final = re.compile(r"^(\d+)\s*([A-Za-z]+)$")


class ConnectionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[connections]`: of collector and studio alike."""

    head_time_max: Duration
    body_time_max: Duration
    stall_time_max: Duration
    idle_time_max: Duration


class CollectorSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[collector]`."""

    host: str
    port: Port
    aws_collect_path: str
    aws_ping_path: str
    body_bytes_max: Size
    query_bytes_max: Size
    rate_per_app_max: Count
    pending_bytes_max: Size
    connections_max: Count
    connections_per_address_max: Count
    body_bytes_per_address_max: Size
    trusted_proxies: tuple[str, ...]
    tls_certificate: str
    tls_key: str
    unknown_write_ids: Literal["quarantine", "refuse"]
    quarantine_requests_per_hour_max: Count


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[log]`."""

    segment_bytes_max: Size
    segment_age_max: Duration
    group_requests_max: Count
    keep_age_min: Duration
    bytes_max: Bound = None
    kind: Literal["sqlite", "kafka"] = "sqlite"
    kafka: KafkaSettings | None = None
    """Always set by `load_settings`; other kinds do without."""


class PipelineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[pipeline]`."""

    micro_batch_interval: Duration
    micro_batch_interval_max: Duration
    micro_batch_requests_max: Count
    micro_batch_bytes_max: Size
    epoch_age_max: Duration
    epoch_events_max: Count
    epoch_bytes_max: Size
    watermark_lag: Duration
    checkpoint_epochs: Count
    lease: Duration
    memory_max: Size
    batch_time_max: Duration
    health_address: str
    turn_time_max: Duration
    poison_requests_max: Count
    poison_search_max: Duration


class DecodeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[decode]`."""

    inflated_bytes_max: Size
    events_per_request_max: CountBySize
    payload_bytes_max: Size
    text_bytes_max: Size
    inflated_ratio_max: Count

    @property
    def events_max(self) -> int:
        """Records of one request that are decoded."""
        by_size = max(1, self.inflated_bytes_max // EVENT_BYTES_MIN)
        return self.events_per_request_max or by_size


class ClockSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[clock]`."""

    skew_max: Duration
    event_age_max: Duration
    event_age_trusted_max: Duration


DEFAULT_STEPS: Final = ("user_agent", "bots", "page", "language", "campaign")


class EnrichSettings(msgspec.Struct, frozen=True):
    """Section `[enrich]`, and a section `[enrich.<step>]` for each step that has settings.

    What a step's settings may be, the step says; `footfall.enrich.plan_steps` looks at them.
    """

    steps: tuple[str, ...]
    options: dict[str, dict[str, Any]] = {}
    """By step and name, as they are written."""


class DuplicateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[duplicates]`."""

    horizon: Duration
    ids_max: Count = 260_000_000


class QuerySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[query]`."""

    time_max: Duration
    memory_max: Size
    rows_max: Count
    answer_bytes_max: Size
    workers_max: Count
    worker_idle_max: Duration
    threads: Count


class StudioSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[studio]`."""

    host: str
    port: Port
    tls_certificate: str
    tls_key: str
    public_url: str
    connections_max: Count


class LakeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[lake]`."""

    location: str
    catalog: str
    catalog_password: Secret
    s3_endpoint: str
    s3_region: str
    s3_access_key: Secret
    s3_secret_key: Secret
    s3_path_style: bool
    cuts: Literal["home", "lake"]
    cut_grace: Duration
    lock_age_max: Duration
    tail_grace: Duration
    tail_bytes_max: Size
    live_days: Count
    waiting_rows: Count
    waiting_age_max: Duration
    bulk_days_max: Count
    maintain_epochs: Count
    maintain_age_max: Duration
    keep_age: Age
    keep_age_min: Duration
    bytes_max: Bound
    rewrite_bytes_max: Size
    rewrites_max: Count
    merge_runs: Annotated[int, msgspec.Meta(ge=2)]
    day_settled_after: Duration
    fold_rows: Count
    fold_age_max: Duration
    snapshots_max: Count
    snapshot_age_max: Duration
    file_grace: Duration


class MetadataSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[metadata]`."""

    url: str
    password: Secret
    keys_age_max: Duration


class ConsumerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[consumers]`."""

    keep_age_max: Duration
    log_bytes_max: Size
    queue_bytes_max: Size
    retry_min: Duration
    retry_max: Duration


class RunnerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[runner]`."""

    buckets: Annotated[int, msgspec.Meta(ge=1, le=4096)]
    epoch_requests_max: Count
    slice_requests_max: Count
    spark_master: str
    spark_conf: tuple[str, ...]


class DiskSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[disk]`."""

    alarm_before: Duration
    free_min: Size


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set.

    See `defaults.toml` for units, trade-offs and what happens at each limit.
    """

    collector: CollectorSettings
    connections: ConnectionSettings
    log: LogSettings
    pipeline: PipelineSettings
    decode: DecodeSettings
    clock: ClockSettings
    enrich: EnrichSettings
    duplicates: DuplicateSettings
    sessions: SessionSettings
    query: QuerySettings
    studio: StudioSettings
    lake: LakeSettings
    metadata: MetadataSettings
    consumers: ConsumerSettings
    runner: RunnerSettings
    disk: DiskSettings


def load_settings(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Iterable[str] = (),
) -> Settings:
    """Read settings from all their sources.

    Args:
        file: The user's TOML file; a missing one is an empty one.
        environ: Variables to look for `FOOTFALL__SECTION__NAME` in; the caller passes `os.environ`.
        overrides: `section.name=value` from the command line; values as in TOML, quotes optional.

    Raises:
        Invalid: with every mistake in `problems`, each naming its source, setting and valid form.
    """
    return _load(file, environ, overrides)[0]


def resolve_settings(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Iterable[str] = (),
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Values as they are written, by section and name, and the source of each `section.name`.

    The sources are `defaults.toml`, the path of the file, `environment` and `command line`.

    Raises:
        Invalid: as `load_settings`.
    """
    _, values, sources = _load(file, environ, overrides)
    return values, sources


def _load(
    file: Path | None, environ: Mapping[str, str] | None, overrides: Iterable[str]
) -> tuple[Settings, dict[str, dict[str, Any]], dict[str, str]]:
    values = default_values()
    sources = {
        f"{section}.{name}": "defaults.toml" for section, names in values.items() for name in names
    }
    problems: list[str] = []
    if file is not None and file.exists():
        _merge(values, sources, _read_file(file, problems), str(file), problems)
    _merge(values, sources, _from_environ(environ or {}), "environment", problems)
    _merge(values, sources, _from_overrides(overrides, problems), "command line", problems)
    sections = {
        name: _section(name, kind, values[name], sources, problems)
        for name, kind in _sections().items()
    }
    problems.extend(beyond_one(values))
    problems.extend(problems_of_kafka(values))
    if not problems:
        problems.extend(beyond_sessions(sections["sessions"]))
    if not problems:
        problems.extend(_too_short(Settings(**sections)))
    if problems:
        raise Invalid("settings have mistakes; mend them and start again:", tuple(problems))
    return Settings(**sections), values, sources


def default_toml() -> str:
    """Text of the commented reference."""
    return resources.files("footfall").joinpath("defaults.toml").read_text("utf-8")


def default_values() -> dict[str, dict[str, Any]]:
    """The reference by section and name; names in `[log.kafka]` and its like are `kafka.<name>`."""
    sections = cast("dict[str, dict[str, Any]]", tomllib.loads(default_toml()))
    return {section: _flat(section, names) for section, names in sections.items()}


def parse_duration(text: str) -> int:
    """`"200ms"`, `"15s"`, `"30m"`, `"24h"`, `"3d"` → microseconds.

    Raises `ValueError` naming the valid units.
    """
    return _quantity(text, _DURATION_UNITS)


def parse_size(text: str) -> int:
    """`"64KiB"`, `"1MiB"` → bytes. Raises `ValueError` naming the valid units."""
    return _quantity(text, _SIZE_UNITS)


def _quantity(text: str, units: Mapping[str, int]) -> int:
    match = _QUANTITY.match(text)
    if match is None or match[2] not in units:
        raise ValueError(f"a whole number and a unit out of {', '.join(units)}, not {text!r}")
    return int(match[1]) * units[match[2]]


def _sections() -> dict[str, type[msgspec.Struct]]:
    return cast("dict[str, type[msgspec.Struct]]", get_type_hints(Settings))


def _read_file(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file}: not TOML: {error}")
        return {}


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in environ.items():
        parts = name.split("__")
        if parts[0] == "FOOTFALL" and len(parts) in (3, 4 if parts[1] in _WITH_PARTS else 3):
            setting = ".".join(parts[2:]).lower()
            found.setdefault(parts[1].lower(), {})[setting] = _toml_value(text)
    return found


def _from_overrides(overrides: Iterable[str], problems: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        section, dot, name = key.strip().partition(".")
        if not (equals and dot):
            problems.append(f"command line: write section.name=value, not {override!r}")
            continue
        found.setdefault(section, {})[name] = _toml_value(text.strip())
    return found


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _merge(
    values: dict[str, dict[str, Any]],
    sources: dict[str, str],
    found: Mapping[str, Any],
    source: str,
    problems: list[str],
) -> None:
    for section, names in found.items():
        if section not in values or not isinstance(names, dict):
            problems.append(f"{source}: no section [{section}]; there are {', '.join(values)}")
            continue
        for name, value in _flat(section, names).items():
            if name not in values[section] and not _may_be_a_steps(section, name):
                problems.append(
                    f"{source}: no setting {section}.{name}; there are {', '.join(values[section])}"
                )
                continue
            values[section][name] = value
            sources[f"{section}.{name}"] = source


def _flat(section: str, names: Mapping[str, Any]) -> dict[str, Any]:
    """The tables within a section with parts as names with a dot; elsewhere a table is a value."""
    if section.upper() not in _WITH_PARTS:
        return dict(names)
    found: dict[str, Any] = {}
    for name, value in names.items():
        if isinstance(value, dict):
            found.update({f"{name}.{option}": each for option, each in value.items()})
        else:
            found[name] = value
    return found


def _may_be_a_steps(section: str, name: str) -> bool:
    """Whether it is of a step whose settings only `footfall.enrich` knows."""
    step, dot, _ = name.partition(".")
    if section != _ENRICH or not dot:
        return False
    return not any(other.startswith(f"{step}.") for other in default_values()[_ENRICH])


def _enrich(
    values: Mapping[str, Any], sources: Mapping[str, str], problems: list[str]
) -> EnrichSettings:
    options: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        step, dot, option = name.partition(".")
        if dot:
            options.setdefault(step, {})[option] = value
    try:
        steps = msgspec.convert(values["steps"], tuple[str, ...])
    except msgspec.ValidationError as error:
        problems.append(f"{sources['enrich.steps']}: enrich.steps: {error}")
        steps = ()
    return EnrichSettings(steps, options)


def _section(
    section: str,
    kind: type[msgspec.Struct],
    values: Mapping[str, Any],
    sources: Mapping[str, str],
    problems: list[str],
    prefix: str = "",
) -> Any:
    if section == _ENRICH:
        return _enrich(values, sources, problems)
    hints = get_type_hints(kind, include_extras=True)
    converted: dict[str, Any] = {}
    for name, hint in hints.items():
        part = part_of(hint)
        if part is not None:
            converted[name] = _section(section, part, values, sources, problems, f"{name}.")
            continue
        where = f"{sources[f'{section}.{prefix}{name}']}: {section}.{prefix}{name}"
        try:
            converted[name] = _convert(hint, values[prefix + name])
        except (ValueError, msgspec.ValidationError) as error:
            problems.append(f"{where}: {error}")
        else:
            problems.extend(
                f"{where}: {problem}" for problem in beyond_type(section, name, converted[name])
            )
    return converted if len(converted) < len(hints) else kind(**converted)


def part_of(hint: Any) -> type[msgspec.Struct] | None:
    """The section within a section that a setting is, if it is one."""
    kinds = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    parts = (one for one in kinds if isinstance(one, type) and issubclass(one, msgspec.Struct))
    return next(parts, None)


def _convert(hint: Any, value: Any) -> Any:  # noqa: PLR0911 (a case each)
    if hint is Bound and value == UNLIMITED:
        return None
    if hint is Age and value == FOREVER:
        return None
    if hint is CountBySize and value == BY_SIZE:
        return None
    if hint == dict[str, DefinitionSettings]:
        return read_definitions(value, lambda text: _convert(Duration, text))
    if hint == dict[str, dict[str, float]]:
        return read_goals(value)
    if hint in (Duration, Size, Bound, Age):
        if not isinstance(value, str):
            example = '"15s"' if hint in (Duration, Age) else '"64MiB"'
            example += f' or "{FOREVER}"' if hint is Age else ""
            example += f' or "{UNLIMITED}"' if hint is Bound else ""
            raise ValueError(f"a text with a unit, such as {example}, not {value!r}")
        quantity = parse_duration(value) if hint in (Duration, Age) else parse_size(value)
        if quantity <= 0:
            raise ValueError(f"more than 0, not {value!r}")
        return quantity
    if hint is Secret:
        if not isinstance(value, str):
            raise ValueError("a text")  # what was written may be the secret
        return Secret(value)
    return msgspec.convert(value, hint)


def retention_margin(settings: Settings) -> int:
    """How much longer than events may come late a day must be kept, in microseconds.

    Their ids are remembered for the horizon; a repair looks back over a chain of activity.
    """
    sessions = settings.sessions
    return settings.duplicates.horizon + sessions.hot_age + sessions.reach + RETENTION_SLACK


def kept_at_least(settings: Settings) -> int | None:
    """Microseconds that every day is kept; `None` for ever."""
    lake = settings.lake
    ages = [lake.keep_age, lake.keep_age_min if lake.bytes_max is not None else None]
    return min((age for age in ages if age is not None), default=None)


def _too_short(settings: Settings) -> Iterable[str]:
    if settings.lake.cuts == "lake" and settings.lake.cut_grace < 2 * settings.query.time_max:
        yield (
            "lake: cut_grace must be at least twice query.time_max; readers on other machines hold"
            " no lock, so what they read is kept by time alone"
        )
    if settings.clock.event_age_trusted_max < settings.clock.event_age_max:
        yield (
            "clock: event_age_trusted_max must be at least event_age_max; who has a server key may"
            " send what anybody may"
        )
    if settings.log.kind == "kafka" and settings.log.kafka is not None:
        collector = settings.collector
        yield from too_small_for(
            settings.log.kafka, collector.body_bytes_max, collector.query_bytes_max
        )
    kept = kept_at_least(settings)
    least = retention_margin(settings) + LATE_AGE_MIN
    if kept is not None and kept < least:
        yield (
            "lake: keep_age, and with bytes_max keep_age_min, must be at least duplicates.horizon +"
            " sessions.hot_age + gap + 2 length_max of the longest session definition + 2d, here"
            f" {-(-least // _DAY_US)}d"
        )
