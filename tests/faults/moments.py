"""The moments at which processes are killed, by name."""

from __future__ import annotations

import random
from typing import NamedTuple

from tests.faults.faults import Action, Operation, Rule


class Moment(NamedTuple):
    """A system call that is one step of the product's work, and how often one may pass it first."""

    name: str
    process: str
    action: Action
    operation: Operation
    pattern: str
    count_max: int = 1
    is_sampled: bool = False
    """Part of `make test`."""

    def rule(self, chance: random.Random) -> Rule:
        """With a drawn count."""
        count = chance.randint(1, self.count_max)
        return Rule(self.action, self.process, self.operation, self.pattern, count)


_LOG = "*/log/default/"
_STATE = "*/state/default/"
_LAKE = "*/lake/default/"
_TAIL = "*/tail/default/"
_JOURNAL = "*/lake/catalog.db-journal"
"""Its removal is the commit."""

MOMENTS = (
    # The log: groups, rotation.
    Moment("group of requests half written", "collector", "within", "write", _LOG + "*.db-wal", 40),
    Moment("group written, not synced", "collector", "before", "sync", _LOG + "*.db-wal", 40),
    Moment("group synced, not answered", "collector", "after", "sync", _LOG + "*.db-wal", 40),
    Moment("new segment half written", "collector", "within", "write", _LOG + "*.new", 2),
    Moment("new segment without its name", "collector", "before", "rename", _LOG + "*.db", 2),
    Moment("new segment empty", "collector", "after", "rename", _LOG + "*.db", 2, is_sampled=True),
    Moment("segment half copied", "collector", "within", "write", _LOG + "*.db", 40),
    Moment("segment copied, not synced", "collector", "before", "sync", _LOG + "*.db", 20),
    Moment(
        "segment copied, write-ahead log to begin anew",
        *("collector", "after", "sync", _LOG + "*.db", 20),
    ),
    # An epoch: plan, rows, commits of its tables, its note.
    Moment("epoch being planned", "worker", "within", "write", "*/metadata.db-wal", 8),
    Moment("data file half written", "worker", "within", "write", _LAKE + "*.parquet", 6),
    Moment("manifest half written", "worker", "within", "write", _LAKE + "*.avro", 6),
    Moment("table metadata half written", "worker", "within", "write", _LAKE + "*.json", 6),
    Moment("table being committed", "worker", "before", "unlink", _JOURNAL, 8),
    Moment(
        "between two tables of an epoch", "worker", "after", "unlink", _JOURNAL, 8, is_sampled=True
    ),
    # Late events: sessions that are in the lake change.
    Moment(
        "repair of sessions being written",
        *("worker", "within", "write", _LAKE + "session_overrides/*.parquet", 2),
        is_sampled=True,
    ),
    Moment(
        "repair of sessions, removals", "worker", "before", "sync", _LAKE + "session_changes/*", 4
    ),
    # Checkpoints.
    Moment("ids for duplicate removal", "worker", "within", "write", _STATE + "duplicates/*", 3),
    Moment("sessions of a checkpoint", "worker", "within", "write", _STATE + ".checkpoint-*", 3),
    Moment(
        "checkpoint without its name",
        *("worker", "before", "rename", _STATE + "checkpoint-*", 2),
    ),
    Moment("checkpoint, not synced", "worker", "after", "rename", _STATE + "checkpoint-*", 2),
    Moment("old checkpoint half removed", "worker", "after", "unlink", _STATE + ".checkpoint-*", 3),
    Moment("log half trimmed", "worker", "after", "unlink", _LOG + "*.db"),
    # What readers see.
    Moment("file of the tail half written", "worker", "within", "write", _TAIL + "*.arrow", 30),
    Moment("plan of data files half written", "worker", "within", "write", _TAIL + ".plan*", 4),
    Moment("cut without its name", "worker", "before", "rename", _TAIL + "cut.json", 30),
    Moment("cut, live snapshot of the one before", "worker", "after", "rename", _TAIL + "cut.json"),
    Moment("old files of the tail half removed", "worker", "after", "unlink", _TAIL + "*", 9),
    # Maintenance: rewrites, what is forgotten, what is removed.
    Moment("merged file half written", "maintain", "within", "write", _LAKE + "*.parquet", 6),
    Moment("rewrite written, not committed", "maintain", "before", "create", _JOURNAL, 3),
    Moment(
        "rewrite committed, its note still there",
        *("maintain", "before", "unlink", _STATE + "maintenance/job.json", 2),
        is_sampled=True,
    ),
    Moment("snapshots being forgotten", "maintain", "after", "unlink", _JOURNAL, 9),
    Moment("garbage being noted", "maintain", "within", "write", _STATE + "maintenance/.garbage*"),
    Moment(
        "garbage half removed",
        *("maintain", "after", "unlink", _LAKE + "*.parquet", 2),
    ),
    # Pages.
    Moment(
        *("live page being read", "studio", "before", "open", _TAIL + "live.json", 4),
        is_sampled=True,
    ),
)
