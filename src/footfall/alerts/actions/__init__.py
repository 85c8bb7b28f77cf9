"""How firings reach people and programs: signed webhooks, Apprise, and installed packages."""

from __future__ import annotations

from footfall.errors import Unavailable


class Refused(Unavailable):
    """Who was asked answered, and would not have these firings; perhaps because of one of them."""
