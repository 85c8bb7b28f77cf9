"""Settings: one frozen, typed tree; `footfall/defaults.toml` is its commented reference.

Order: defaults < `$FOOTFALL_HOME/footfall.toml` < environment (`FOOTFALL__LOG__SEGMENT_BYTES_MAX`)
< command line (`--set log.segment_bytes_max=32MiB`). Durations become integers in microseconds
(`_us` is implied by the type `Duration`), sizes become bytes. All mistakes are listed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from footfall.clock import DAY
from footfall.errors import Invalid
from footfall.secret import Secret
from footfall.settings._beyond import beyond_one
from footfall.settings._continuous import ContinuousSettings, QueryDefinition, Window, read_query
from footfall.settings._deliver import (
    DESTINATIONS_MAX,
    DeliverSettings,
    DestinationSettings,
    read_destination,
)
from footfall.settings._read import (
    default_toml,
    default_values,
    part_of,
    read,
)
from footfall.settings._sessions import (
    DefinitionSettings,
    SessionSettings,
    beyond_sessions,
    read_definition,
)
from footfall.settings.alerts import AlertSettings, ChannelSettings, RuleSettings
from footfall.settings.kafka import KafkaSettings, problems_of_kafka, too_small_for
from footfall.settings.kinds import (
    Age,
    Bound,
    Count,
    CountBySize,
    Duration,
    Port,
    Size,
    parse_duration,
    parse_size,
)

__all__ = [
    "DEFAULT_STEPS",
    "DESTINATIONS_MAX",
    "EVENT_BYTES_MIN",
    "LATE_AGE_MIN",
    "RETENTION_SLACK",
    "Age",
    "AlertSettings",
    "Bound",
    "CatalogSettings",
    "ChannelSettings",
    "ClockSettings",
    "CollectorSettings",
    "ConnectionSettings",
    "ConsumerSettings",
    "ContinuousSettings",
    "Count",
    "CountBySize",
    "DecodeSettings",
    "DefinitionSettings",
    "DeliverSettings",
    "DestinationSettings",
    "DiskSettings",
    "DuplicateSettings",
    "Duration",
    "EnrichSettings",
    "KafkaSettings",
    "LakeSettings",
    "LogSettings",
    "MetadataSettings",
    "PipelineSettings",
    "Port",
    "QueryDefinition",
    "QuerySettings",
    "RuleSettings",
    "RunnerSettings",
    "SessionSettings",
    "Settings",
    "Size",
    "StudioSettings",
    "Window",
    "another_definition",
    "default_toml",
    "default_values",
    "kept_at_least",
    "load_settings",
    "parse_duration",
    "parse_size",
    "part_of",
    "read_destination",
    "read_query",
    "resolve_settings",
    "retention_margin",
]

EVENT_BYTES_MIN: Final = 192
"""A body may have an event for so many bytes of `inflated_bytes_max`: with 16 MiB 87,381, more than
fit into 1 MiB that is sent as it is, and far more than SDKs' events of 300 bytes and more."""
RETENTION_SLACK: Final = DAY
"""Days are dropped whole."""
LATE_AGE_MIN: Final = DAY
"""Least lateness of events that is left when old days go."""


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


class IndexSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[index]`."""

    is_on: bool
    events_min: Count
    fields: tuple[str, ...]
    values_max: Count
    age_max: Duration
    refresh_interval: Duration
    memory_max: Size
    bytes_max: Size


class CatalogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[catalog]`."""

    places: tuple[str, ...]
    files_max: Count
    line_bytes_max: Size
    repaired_bytes_max: Size
    file_time_max: Duration
    memory_max: Size


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
    index: IndexSettings
    catalog: CatalogSettings
    studio: StudioSettings
    lake: LakeSettings
    metadata: MetadataSettings
    consumers: ConsumerSettings
    continuous: ContinuousSettings
    deliver: DeliverSettings
    runner: RunnerSettings
    disk: DiskSettings
    alerts: AlertSettings

    @property
    def has_index(self) -> bool:
        """Whether there is a journey index: whoever answers from it reads cuts of the home only."""
        return self.index.is_on and self.lake.cuts != "lake"


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
    sections, values, sources, problems = read(Settings, file, environ, overrides)
    problems.extend(beyond_one(values))
    problems.extend(problems_of_kafka(values))
    if not problems:
        problems.extend(beyond_sessions(sections["sessions"]))
    if not problems:
        problems.extend(_too_short(Settings(**sections)))
    if problems:
        raise Invalid("settings have mistakes; mend them and start again:", tuple(problems))
    return Settings(**sections), values, sources


def another_definition(
    name: str, options: Mapping[str, Any], sessions: SessionSettings
) -> DefinitionSettings:
    """One more session definition beside those of `sessions`, options as in the settings' file.

    Raises:
        Invalid: what is wrong with it, and what is valid.
    """
    try:
        return read_definition(name, options, sessions)
    except ValueError as error:
        raise Invalid(f"session definition: {error}") from None


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
            f" {-(-least // DAY)}d"
        )
