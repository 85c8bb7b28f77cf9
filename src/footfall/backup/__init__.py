"""Backups: a consistent copy of a running home, and a home made from one.

`back_up` copies into a store of objects named after their content and writes the manifest last, so
an interrupted backup leaves the one before whole, and the next copies only what is new. `restore`
makes a home that no verb opens before it is whole.
"""

from __future__ import annotations

from footfall.backup._backup import BackupReport, back_up
from footfall.backup._restore import finish_restore, restore

__all__ = ["BackupReport", "back_up", "finish_restore", "restore"]
