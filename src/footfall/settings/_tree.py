"""The sections and their settings, by type; what each means stands in `defaults.toml`."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from footfall.secret import Secret
from footfall.settings._continuous import ContinuousSettings
from footfall.settings._deliver import DeliverSettings
from footfall.settings._sessions import SessionSettings
from footfall.settings.alerts import AlertSettings
from footfall.settings.kafka import KafkaSettings
from footfall.settings.kinds import Age, Bound, Count, CountBySize, Duration, Port, Size

EVENT_BYTES_MIN: Final = 192
"""A body may have an event for so many bytes of `inflated_bytes_max`: with 16 MiB 87,381, more than
fit into 1 MiB that is sent as it is, and far more than SDKs' events of 300 bytes and more."""


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
