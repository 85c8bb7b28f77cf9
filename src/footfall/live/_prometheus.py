"""Sessions in Prometheus' text format, from a snapshot.

footfall_sessions_closed_total{definition,app}       written for the first time
footfall_sessions_repaired_total{definition,app}     written anew because of late events
footfall_sessions_open{definition,app}               open now
footfall_session_duration_seconds{definition,app}    histogram over those closed
footfall_session_events{definition,app}              the same

Counters begin with epoch `since_epoch` when the worker starts; they count what is committed alone,
so they never go back.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from footfall.live._snapshot import DURATION_BOUNDS, EVENTS_BOUNDS, LiveSnapshot, SessionHistogram

_LABELS: Final = ("definition", "app")
_MS: Final = 1000


class _Sessions(Collector):
    def __init__(self, snapshot: LiveSnapshot) -> None:
        self._meters = () if snapshot.sessions is None else snapshot.sessions.meters

    def collect(self) -> Iterable[Metric]:
        closed = CounterMetricFamily("footfall_sessions_closed", "Sessions written", labels=_LABELS)
        repaired = CounterMetricFamily(
            "footfall_sessions_repaired", "Sessions written anew", labels=_LABELS
        )
        still_open = GaugeMetricFamily("footfall_sessions_open", "Open sessions", labels=_LABELS)
        duration = HistogramMetricFamily(
            "footfall_session_duration_seconds", "How long sessions were", labels=_LABELS
        )
        events = HistogramMetricFamily(
            "footfall_session_events", "How many events sessions had", labels=_LABELS
        )
        for meter in self._meters:
            labels = (meter.definition, meter.app_id)
            closed.add_metric(labels, meter.closed)
            repaired.add_metric(labels, meter.repaired)
            still_open.add_metric(labels, meter.open)
            found = _buckets(DURATION_BOUNDS, meter.duration)
            duration.add_metric(labels, found, meter.duration.sum / _MS)
            events.add_metric(labels, _buckets(EVENTS_BOUNDS, meter.events), meter.events.sum)
        return [closed, repaired, still_open, duration, events]


def _buckets(bounds: tuple[int, ...], histogram: SessionHistogram) -> list[tuple[str, float]]:
    names = (*map(str, map(float, bounds)), "+Inf")
    return list(zip(names, map(float, accumulate(histogram.counts)), strict=True))


def prometheus_text(snapshot: LiveSnapshot) -> bytes:
    """Sessions of a snapshot, as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Sessions(snapshot))
    return generate_latest(registry)
