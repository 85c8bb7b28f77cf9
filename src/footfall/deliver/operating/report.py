"""How deliveries get on, for people: read from their files, also while the pipeline is silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from footfall.clock import US_PER_MS, time_text
from footfall.deliver.notes import (
    Note,
    deliver_dir,
    missing_epochs,
    read_note,
    read_shown,
    shown_names,
)
from footfall.errors import Corrupt, Unavailable
from footfall.home import Home
from footfall.metadata.added.deliveries import read_deliveries
from footfall.metadata.place import MetadataPlace
from footfall.positions import Positions


class DeliveryReport(msgspec.Struct, frozen=True):
    """One destination of files."""

    name: str
    source: str
    """`requests`, `events`, `sessions`, or another table."""
    format: str
    place: str
    """Directory, or `s3://bucket/prefix`."""
    files: int
    """Written so far."""
    records: int
    """In these files."""
    bytes: int
    """Of these files, as they are."""
    last_path: str
    """The newest file; empty before the first."""
    last_at: int
    """When it was closed, microseconds; 0 for never."""
    lag_ms: int
    """How long the oldest record that is in no file yet has waited since its epoch; 0 if none
    waits. Up to `buffer_age`, and `settle` for sessions, is as it should be."""
    backlog_epochs: int
    """Committed epochs whose records are not all in files."""
    backlog_requests: int
    """Requests of these epochs."""
    open_records: int
    """In the file that is being made."""
    open_bytes: int
    """The same before compression."""
    delivered_to: Positions
    """What came of all requests before it is in files."""
    failures: int
    """In a row."""
    error: str
    """The last one; empty if there is none."""
    failed_at: int
    """When that was, microseconds."""
    epochs_lost: int
    """Gone before they were written: it lagged beyond `consumers.keep_age_max`."""
    requests_lost: int
    """Gone from the log before they were written: beyond `consumers.log_bytes_max`."""
    kept_until: int
    """When the oldest of what waits is lost for it, if it still waits then, microseconds; 0 if
    nothing waits."""
    epochs_missing: int
    """From before it began, from while it was taken out, and lost: what
    `footfall deliver backfill` would write."""
    paused_at: int = 0
    """Since when it is paused, microseconds; 0: it is not. Nothing is written meanwhile, and what
    comes waits until `kept_until`."""
    held: str = ""
    """Why nothing is written to it until somebody mends it, such as a column that is gone; empty:
    it is not held. What comes waits until `kept_until`."""

    def __str__(self) -> str:
        parts = [f"{self.name} ({self.source} to {self.place})"]
        parts.append(f"{self.files:,} files, {self.records:,} records")
        if self.last_at:
            parts.append(f"last at {time_text(self.last_at)}")
        if self.paused_at:
            parts.append(f"paused since {time_text(self.paused_at)}")
        if self.held:
            parts.append(f"held: {self.held}")
        if self.backlog_epochs:
            epochs = "epoch waits" if self.backlog_epochs == 1 else "epochs wait"
            behind = f"{self.backlog_epochs:,} {epochs}, the oldest for"
            parts.append(f"{behind} {self.lag_ms / 1000:,.0f} s")
        if self.failures:
            parts.append(f"failed {self.failures:,} times, last at {time_text(self.failed_at)}")
        if (self.failures or self.paused_at or self.held) and self.kept_until:
            parts.append(f"what waits is kept until {time_text(self.kept_until)}")
        if self.epochs_lost or self.requests_lost:
            parts.append(
                f"lost {self.epochs_lost:,} epochs and {self.requests_lost:,} requests: it was"
                " behind for longer than they are kept; what the lake still has of them comes with"
                f" footfall deliver backfill {self.name}"
            )
        if self.error:
            parts.append(self.error)
        return ", ".join(parts)

    @property
    def is_well(self) -> bool:
        """Whether nobody need look."""
        return not (self.error or self.held or self.epochs_lost or self.requests_lost)


def delivery_reports(
    home: Home, project: str, now_us: int, metadata: MetadataPlace | None = None
) -> list[DeliveryReport]:
    """Every destination that the pipeline knows of, in order of names.

    Args:
        home: Of the installation.
        project: Whose.
        now_us: The clock.
        metadata: Knows which are paused, also before a pipeline has looked; without it, and while
            it is away, it is what the pipeline saw last.
    """
    directory = deliver_dir(home, project)
    paused = _paused(metadata, project)
    found = []
    for name in shown_names(directory):
        shown, problem = read_shown(directory, name), ""
        try:
            note = read_note(directory, name)
        except Corrupt as error:
            note, problem = None, str(error)
        note = note or Note.new()
        waits = shown.waiting_since
        found.append(
            DeliveryReport(
                name=name,
                source=shown.source,
                format=shown.format,
                place=shown.place,
                files=note.files,
                records=note.records,
                bytes=note.bytes,
                last_path=note.last_path,
                last_at=note.last_at,
                lag_ms=max(0, now_us - waits) // US_PER_MS if waits else 0,
                backlog_epochs=shown.backlog_epochs,
                backlog_requests=shown.backlog_requests,
                open_records=shown.open_records,
                open_bytes=shown.open_bytes,
                delivered_to=shown.delivered_to,
                failures=shown.failures,
                error=problem or shown.error,
                failed_at=shown.failed_at,
                epochs_lost=note.epochs_lost,
                requests_lost=note.requests_lost,
                kept_until=waits + shown.keep_age_max if waits else 0,
                epochs_missing=missing_epochs(directory, name, note, shown.place),
                paused_at=shown.paused_at if paused is None else paused.get(name, 0),
                held=shown.held,
            )
        )
    return found


def _paused(metadata: MetadataPlace | None, project: str) -> dict[str, int] | None:
    if metadata is None:
        return None
    try:
        return {row.name: row.paused_at for row in read_deliveries(metadata, project)}
    except Unavailable:
        return None


def delivery_metrics(home: Home, project: str, now_us: int) -> bytes:
    """The same for Prometheus; every number is a gauge of its destination but those in `_total`."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    found = delivery_reports(home, project, now_us)

    class Families:
        def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
            for name, text, value in _METRICS:
                is_counter = name.endswith("_total")
                kind = CounterMetricFamily if is_counter else GaugeMetricFamily
                family = kind(f"footfall_delivery_{name}", text, labels=("destination",))
                for one in found:
                    family.add_metric((one.name,), value(one))
                yield family

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Families())
    return generate_latest(registry)


_METRICS: Final[tuple[tuple[str, str, Callable[[DeliveryReport], float]], ...]] = (
    ("lag_seconds", "Age of the oldest record in no file", lambda one: one.lag_ms / 1000),
    ("backlog_requests", "Requests not all in files", lambda one: one.backlog_requests),
    ("backlog_epochs", "Epochs not all in files", lambda one: one.backlog_epochs),
    ("failures", "Failures in a row", lambda one: one.failures),
    ("paused", "1 where somebody paused it", lambda one: bool(one.paused_at)),
    ("held", "1 where it waits for somebody to mend it", lambda one: bool(one.held)),
    ("files_total", "Files written", lambda one: one.files),
    ("records_total", "Records in them", lambda one: one.records),
    ("bytes_total", "Bytes of them", lambda one: one.bytes),
    ("epochs_lost_total", "Epochs gone before they were written", lambda one: one.epochs_lost),
    ("requests_lost_total", "Requests gone likewise", lambda one: one.requests_lost),
)
