"""The first of each event id counts: ids and fingerprints, in sorted immutable runs on disk.

`DuplicateIndex` remembers which ids were seen within the horizon. It keeps the first of each,
counts its repetitions, and tells conflicts (same id, another payload) from them. Not a step of
`footfall.enrich`, which knows nothing but its table: this one has a state, saved with each epoch.
"""

from footfall.duplicates.fingerprint import FINGERPRINT_COLUMNS
from footfall.duplicates.index import (
    DuplicateIndex,
    Kept,
    conflict_failures,
    first_hour_kept,
)
from footfall.duplicates.runs_store import note_file, read_note

__all__ = [
    "FINGERPRINT_COLUMNS",
    "DuplicateIndex",
    "Kept",
    "conflict_failures",
    "first_hour_kept",
    "note_file",
    "read_note",
]
