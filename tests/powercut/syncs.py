"""Classes of syncs: what each is for, so that each can be taken away by itself."""

from __future__ import annotations

import re
from typing import Final

from tests.powercut.trace import Op

_PATTERNS: Final = (
    ("log: group commit", r"log/default/\d{20}\.db-wal"),
    ("log: new segment's file", r"log/default/\d{20}\.new"),
    ("log: segment that is copied", r"log/default/\d{20}\.db"),
    ("log: directory", r"log/default"),
    ("metadata: commit", r"metadata\.db-wal"),
    ("metadata: database file", r"metadata\.db"),
    ("metadata: journal", r"metadata\.db-journal"),
    ("catalog: database file", r"lake/catalog\.db"),
    ("catalog: journal", r"lake/catalog\.db-journal"),
    ("catalog: directory, where its journal comes and goes", r"lake"),
    ("lake: data file", r"lake/default/\w+/data/.*\.parquet"),
    ("lake: directories of data files", r"lake/default/\w+/data(/[^/]+)?"),
    ("lake: manifest", r"lake/default/\w+/metadata/(?!snap-).*\.avro"),
    ("lake: manifest list", r"lake/default/\w+/metadata/snap-.*\.avro"),
    ("lake: table metadata", r"lake/default/\w+/metadata/.*\.metadata\.json"),
    ("lake: directories of metadata", r"lake/default/\w+/metadata"),
    ("lake: directories of tables", r"lake/default(/\w+)?"),
    ("tail: plan of data files", r"tail/default/\.plan-.*"),
    ("checkpoint: sessions", r"state/default/\.checkpoint-[^/]+/sessions\.arrow"),
    ("checkpoint: what changed of segments", r"state/default/\.checkpoint-[^/]+/segments\.msgpack"),
    ("checkpoint: segment of the state", r"state/default/sessions/\w+\.segment"),
    ("checkpoint: directory of segments", r"state/default/sessions"),
    ("checkpoint: note", r"state/default/\.checkpoint-[^/]+/note\.json"),
    ("checkpoint: its directory", r"state/default/\.checkpoint-[^/]+"),
    ("checkpoint: directory of checkpoints", r"state/default"),
    ("duplicates: run", r"state/default/duplicates/\..*\.run\..*"),
    ("duplicates: note", r"state/default/duplicates/\.ids-.*"),
    ("duplicates: directory", r"state/default/duplicates"),
    ("consumers: position", r"state/default/consumers/\w+/\.position\.json\..*"),
    ("consumers: directories", r"state/default/consumers(/\w+)?"),
    ("delivery: plan and cursor", r"state/default/consumers/deliver/\.to-\w+\.json\..*"),
    ("delivery: file", r"delivered/.*/\.[^/]+\.tmp"),
    ("delivery: directories", r"delivered(/[^.]+)?"),
    ("maintenance: notes", r"state/default/maintenance/\.\w+\.json\..*"),
    ("maintenance: directory", r"state/default/maintenance"),
    ("home: format", r"\.format\.json.*"),
    ("home: its name, and those of its directories", r"\.|(log|state|tail|run)?"),
)
_CLASSES: Final = tuple((name, re.compile(pattern)) for name, pattern in _PATTERNS)
CLASSES: Final = tuple(name for name, _ in _CLASSES)

MAY_NOT_SHOW: Final = frozenset(
    {
        "metadata: journal",
        "maintenance: notes",
        "maintenance: directory",
        "consumers: directories",
    }
)
"""Classes whose want breaks no promise in every recording, and why they stay. The first is SQLite's
own, while it turns an empty database to a write-ahead log: a cut has to fall in that moment, and to
tear that one page. Those of maintenance let a rewrite of hours go on where it was, and files that
nobody names wait no longer than they must: without a note the work is done again. The last keeps a
consumer's newest position: an older one gives epochs again, which is promised, or finds them let go
of by its own word, which is told as lost."""


def class_of(op: Op) -> str:
    """Which class a sync belongs to."""
    path = op.path if op.path == "." else op.path.removeprefix("home").removeprefix("/")
    found = [name for name, pattern in _CLASSES if pattern.fullmatch(path)]
    assert found, f"a sync of no class; give it one: {op.path}"
    return found[0]
