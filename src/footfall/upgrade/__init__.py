"""What a home is like on disk, by number, and how an older or moved one is brought here.

`check_format` refuses a home that a newer version of the program wrote: every verb calls it first.
`needs_upgrade` looks, cheaply; `upgrade` does the work, in steps that may be interrupted anywhere.
Tables of the metadata database have migrations of their own.
"""

from __future__ import annotations

from footfall.upgrade._format import FORMAT, check_format, is_stamped, read_format, stamp_new
from footfall.upgrade._upgrade import needs_upgrade, upgrade

__all__ = [
    "FORMAT",
    "check_format",
    "is_stamped",
    "needs_upgrade",
    "read_format",
    "stamp_new",
    "upgrade",
]
