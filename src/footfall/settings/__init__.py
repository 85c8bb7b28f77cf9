"""Settings: one frozen, typed tree; `footfall/defaults.toml` is its commented reference.

Order: defaults < `$FOOTFALL_HOME/footfall.toml` < environment (`FOOTFALL__LOG__SEGMENT_BYTES_MAX`)
< command line (`--set log.segment_bytes_max=32MiB`). Durations become integers in microseconds
(`_us` is implied by the type `Duration`), sizes become bytes. All mistakes are listed at once.
"""

from __future__ import annotations

from footfall.settings._continuous import (
    ContinuousSettings,
    QueryDefinition,
    Window,
    read_query,
)
from footfall.settings._deliver import (
    DESTINATIONS_MAX,
    DeliverSettings,
    DestinationSettings,
    read_destination,
)
from footfall.settings._load import (
    another_definition,
    kept_at_least,
    load_settings,
    resolve_settings,
    retention_margin,
)
from footfall.settings._read import (
    default_toml,
    default_values,
    part_of,
)
from footfall.settings._sessions import (
    DefinitionSettings,
    SessionSettings,
)
from footfall.settings._tree import (
    DEFAULT_STEPS,
    CatalogSettings,
    ClockSettings,
    CollectorSettings,
    ConnectionSettings,
    ConsumerSettings,
    DecodeSettings,
    DiskSettings,
    DuplicateSettings,
    EnrichSettings,
    IndexSettings,
    LakeSettings,
    LogSettings,
    MetadataSettings,
    PipelineSettings,
    QuerySettings,
    RunnerSettings,
    Settings,
    StudioSettings,
)
from footfall.settings.alerts import (
    AlertSettings,
    ChannelSettings,
    RuleSettings,
)
from footfall.settings.kafka import (
    KafkaSettings,
)
from footfall.settings.kinds import (
    parse_duration,
    parse_size,
)

__all__ = [
    "DEFAULT_STEPS",
    "DESTINATIONS_MAX",
    "AlertSettings",
    "CatalogSettings",
    "ChannelSettings",
    "ClockSettings",
    "CollectorSettings",
    "ConnectionSettings",
    "ConsumerSettings",
    "ContinuousSettings",
    "DecodeSettings",
    "DefinitionSettings",
    "DeliverSettings",
    "DestinationSettings",
    "DiskSettings",
    "DuplicateSettings",
    "EnrichSettings",
    "IndexSettings",
    "KafkaSettings",
    "LakeSettings",
    "LogSettings",
    "MetadataSettings",
    "PipelineSettings",
    "QueryDefinition",
    "QuerySettings",
    "RuleSettings",
    "RunnerSettings",
    "SessionSettings",
    "Settings",
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
