"""Destinations of files in Python, and for verbs and pages: `footfall.open(…).deliveries`.

The server need not run: one that starts later sees what was said here.
"""

from __future__ import annotations

import builtins
import contextlib

from footfall.clock import Clock, SystemClock
from footfall.deliver.chosen import chosen_destinations
from footfall.deliver.operating.report import DeliveryReport, delivery_reports
from footfall.errors import Invalid
from footfall.home import Home
from footfall.metadata.added.deliveries import pause_delivery, read_deliveries
from footfall.metadata.place import MetadataPlace
from footfall.settings import Settings


class Deliveries:
    """A project's destinations of files."""

    def __init__(
        self, home: Home, project: str, settings: Settings, clock: Clock | None = None
    ) -> None:
        """Open nothing yet."""
        self._home = home
        self._project = project
        self._settings = settings
        self._place = MetadataPlace.of(home, settings.metadata)
        self._clock = clock or SystemClock()

    def list(self) -> builtins.list[DeliveryReport]:
        """How each gets on that a pipeline has seen, by name."""
        return delivery_reports(self._home, self._project, self._clock.now_us(), self._place)

    def pause(self, name: str) -> int:
        """Have nothing written to a destination until `resume`; since when, microseconds.

        What comes waits, as for a store that is away: at most `consumers.keep_age_max`, and its
        requests up to `consumers.log_bytes_max` of the log. What is beyond is lost for it, counted
        and shown. It stays paused over restarts. Said again, it stays paused since the first time.

        Raises:
            Invalid: there is no such destination; the message names those there are.
            Unavailable: metadata cannot be changed now.
        """
        self._check(name)
        since = self.paused_at(name) or self._clock.now_us()
        self._put(name, since)
        return since

    def resume(self, name: str) -> None:
        """Go on with a destination: what waits is written, each record once. Raises as `pause`."""
        self._check(name)
        if self.paused_at(name):
            self._put(name, 0)

    def paused_at(self, name: str) -> int:
        """Since when it is paused, microseconds; 0: it is not. Raises `Unavailable`."""
        rows = read_deliveries(self._place, self._project)
        return next((row.paused_at for row in rows if row.name == name), 0)

    def _check(self, name: str) -> None:
        known = chosen_destinations(self._settings, self._place, self._project)
        if name not in known:
            there = ", ".join(known) or "none"
            raise Invalid(f"there is no destination {name!r}; there are: {there}")

    def _put(self, name: str, at: int) -> None:
        from footfall.metadata import Metadata

        opened = Metadata.open(self._home, self._clock, self._settings.metadata)
        with contextlib.closing(opened) as metadata:
            pause_delivery(metadata, self._project, name, at)

    def __repr__(self) -> str:
        return f"<deliveries: {', '.join(one.name for one in self.list()) or 'none'}>"
