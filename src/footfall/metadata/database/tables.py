"""Tables of the metadata database. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

projects: Final = Table(
    "projects",
    metadata,
    Column("project", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
)

apps: Final = Table(
    "apps",
    metadata,
    Column("project", Text, ForeignKey("projects.project"), primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("origins", Text, nullable=False),  # JSON array
    Column("created_at", BigInteger, nullable=False),
)

write_ids: Final = Table(
    "write_ids",
    metadata,
    Column("write_id", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    ForeignKeyConstraint(["project", "app_id"], ["apps.project", "apps.app_id"]),
)

server_keys: Final = Table(
    "server_keys",
    metadata,
    Column("key_hash", Text, primary_key=True),
    Column("prefix", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    ForeignKeyConstraint(["project", "app_id"], ["apps.project", "apps.app_id"]),
)

epochs: Final = Table(
    "epochs",
    metadata,
    Column("project", Text, primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("log_from", Text, nullable=False),  # JSON of `Positions`
    Column("log_to", Text, nullable=False),
    Column("watermark", BigInteger, nullable=False),
    Column("plan", Text, nullable=False),
    Column("planned_at", BigInteger, nullable=False),
    Column("ledger", Text),
    Column("ledger_total", Text),  # of all epochs up to this one, so that no reader has to add up
    Column("committed_at", BigInteger),
)

quarantined: Final = Table(
    "quarantined",
    metadata,
    Column("project", Text, primary_key=True),
    Column("log_partition", BigInteger, primary_key=True),
    Column("log_offset", BigInteger, primary_key=True),
    Column("found_at", BigInteger, nullable=False),
)

published: Final = Table(
    "published",
    metadata,
    Column("project", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("progress", Text, nullable=False),  # JSON of `PublishedProgress`
    Column("live", Text, nullable=False),  # JSON of `LiveSnapshot`
)

continuous_queries: Final = Table(
    "continuous_queries",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("definition", Text, nullable=False),  # JSON of `QueryDefinition`
    Column("is_declared", BigInteger, nullable=False),  # by the settings
    Column("is_removed", BigInteger, nullable=False),  # kept for its version
    Column("columns", Text, nullable=False),  # JSON array of names and types; empty: not known yet
    Column("status", Text, nullable=False),  # JSON of `QueryStatus`
)

catalog: Final = Table(
    "catalog",
    metadata,
    Column("project", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # see `footfall.metadata.added.catalog.Kind`
    Column("name", Text, primary_key=True),
    Column("entry", Text, nullable=False),  # JSON; `footfall.catalog.entries` says of what
    Column("changed_at", BigInteger, nullable=False),
)

catalog_versions: Final = Table(
    "catalog_versions",
    metadata,
    Column("project", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

dashboards: Final = Table(
    "dashboards",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("title", Text, nullable=False),  # of the draft if there is one
    Column("draft", Text),  # JSON of `Dashboard`; null when all is published
    Column("published", Text),
    Column("version", BigInteger, nullable=False),  # counts every change
    Column("updated_at", BigInteger, nullable=False),
    Column("published_at", BigInteger),
)

dashboard_links: Final = Table(
    "dashboard_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("project", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["project", "name"], ["dashboards.project", "dashboards.name"]),
)

segments: Final = Table(
    "segments",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("version", BigInteger, nullable=False),  # the newest of its versions
    Column("every", Text, nullable=False),  # how often its size is noted
    Column("changed_at", BigInteger, nullable=False),
    Column("tried_at", BigInteger, nullable=False),  # the last refresh, whatever came of it
    Column("problem", Text, nullable=False),  # of that refresh
)

segment_versions: Final = Table(
    "segment_versions",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("definition", Text, nullable=False),  # JSON of `Segment`
    Column("ids", LargeBinary),  # of a list: deflated JSON; of its newest version only
    Column("listed", BigInteger),  # how many ids
    Column("made_at", BigInteger, nullable=False),
    Column("made_of", Text, nullable=False),  # for people: a number, a file
    ForeignKeyConstraint(["project", "name"], ["segments.project", "segments.name"]),
)

segment_sizes: Final = Table(
    "segment_sizes",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),  # the moment it was of
    Column("version", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),  # of everybody it was asked about
    Column("cut_sequence", BigInteger, nullable=False),
    Column("cut_published_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["project", "name"], ["segments.project", "segments.name"]),
)

segment_lists: Final = Table(
    "segment_lists",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True),  # of its size
    Column("whose", Text, nullable=False),  # unit and app: only lists of the same ids are compared
    Column("size", BigInteger, nullable=False),
    Column("ids", LargeBinary),  # deflated JSON; of the newest only
    Column("joined", BigInteger),  # since the list before; null: there is none to compare with
    Column("left", BigInteger),
    Column("changes", LargeBinary),  # deflated JSON of their ids: who joined, who left
    ForeignKeyConstraint(["project", "name"], ["segments.project", "segments.name"]),
)

session_definitions: Final = Table(
    "session_definitions",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("options", Text),  # JSON of `DefinitionSettings`; null where the settings' file has it
    Column("defined_at", BigInteger, nullable=False),
    Column("from_epoch", BigInteger),  # the last before the pipeline began with it
    Column("watermark", BigInteger),  # of that epoch
    Column("rules", Text),  # JSON of `SessionSettings`, as it began
    Column("events_done", BigInteger, nullable=False),
    Column("events_total", BigInteger, nullable=False),
    Column("filled_at", BigInteger),
    Column("dropped_at", BigInteger),
)

shown_definitions: Final = Table(
    "shown_definitions",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, nullable=False),  # that readers take for the default
)

leases: Final = Table(
    "leases",
    metadata,
    Column("project", Text, primary_key=True),
    Column("term", BigInteger, nullable=False),  # counts who wrote before; never goes back
    Column("renewals", BigInteger, nullable=False),
    Column("boot", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Column("given_up", BigInteger, nullable=False),
)

alert_rules: Final = Table(
    "alert_rules",
    metadata,
    Column("project", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("options", Text, nullable=False),  # JSON, as settings have it
    Column("updated_at", BigInteger, nullable=False),
)

alert_channels: Final = Table(
    "alert_channels",
    metadata,
    Column("project", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("options", Text, nullable=False),  # JSON, secrets among it
    Column("updated_at", BigInteger, nullable=False),
)

alert_states: Final = Table(
    "alert_states",
    metadata,
    Column("project", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),  # sessions and windows before it fire never
    Column("muted_until", BigInteger, nullable=False),
    Column("evaluated_to", BigInteger, nullable=False),
    Column("revise_from", BigInteger),  # windows from here on are measured again
    Column("told_at", BigInteger),  # event time of the last firing that was told
    Column("problem", Text, nullable=False),
)

alert_firings: Final = Table(
    "alert_firings",
    metadata,
    Column("project", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),  # the session's id, or the window's end
    Column("app_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("noted_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),  # of notices about it
    Column("quiet", Text, nullable=False),  # why nobody was told
    Column("provisional_at", BigInteger),  # watermark at which it was seen before its epoch
    Column("details", Text, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text, nullable=False),
    Index(None, "project", "rule", "subject", unique=True),
    Index(None, "project", "at"),
)

alert_notices: Final = Table(
    "alert_notices",
    metadata,
    Column("project", Text, primary_key=True),
    Column("delivery_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("tries", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("sent_at", BigInteger),
    Index(None, "project", "state", "channel", "due_at"),
)

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("options", Text),  # JSON as settings have it; none: settings say what it is
    Column("flush_to", Text),  # JSON of `Positions`: files are asked for of all before it
    Column("paused_at", BigInteger),  # microseconds; none: it is not paused
    Column("changed_at", BigInteger, nullable=False),
)

reports: Final = Table(
    "reports",
    metadata,
    Column("project", Text, primary_key=True),
    Column("report", Text, primary_key=True),  # an id of ours
    Column("title", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("question", Text, nullable=False),  # JSON, as HTTP takes it
    Column("view", Text, nullable=False),  # how the page draws it
    Column("is_starred", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
