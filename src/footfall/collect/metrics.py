"""What the collector counts, as plain numbers; Prometheus text when somebody asks.

footfall_collector_requests_total{protocol,outcome}   outcome: accepted, quarantined, cut,
                                                      disconnected, not_found,
                                                      method_not_allowed, or a `Refusal`
footfall_collector_body_bytes_total{protocol}         of requests that were taken
footfall_collector_append_seconds                     histogram: one append, sync included
footfall_collector_append_requests                    histogram: requests of one append
footfall_collector_pending_bytes                      bodies that wait for the disk
footfall_collector_connections                        open ones
footfall_collector_connections_dropped_total{why}     closed for others (address, total, refused),
                                                      or too slow with: first_byte, head, body,
                                                      next_request, reading, farewell
footfall_collector_bodies_dropped_total               unfinished ones, for others' bytes
footfall_collector_malformed_total                    connections that did not speak HTTP
footfall_collector_key_failures_total                 times the keys could not be read
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_REQUESTS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0)
_PREFIX: Final = "footfall_collector_"


class Histogram:
    """Counts of values up to each bound, and their sum."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Nothing was counted yet."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative counts, as Prometheus wants them."""
        total = 0
        found: list[tuple[str, float]] = []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            found.append((bound, total))
        return found


class CollectorMetrics(Collector):
    """Everything counted since the process started."""

    def __init__(self) -> None:
        """All zero; gauges are set by whoever knows them."""
        self.requests: Counter[tuple[str, str]] = Counter()
        self.body_bytes: Counter[str] = Counter()
        self.append_seconds = Histogram(_SECONDS)
        self.append_requests = Histogram(_REQUESTS)
        self.malformed = 0
        self.pending_bytes: Callable[[], int] = lambda: 0
        self.connections: Callable[[], int] = lambda: 0
        self.connections_dropped: Callable[[], Mapping[str, int]] = dict
        self.bodies_dropped: Callable[[], int] = lambda: 0
        self.key_failures: Callable[[], int] = lambda: 0

    def add_group(self, records: int, seconds: float) -> None:
        """Count an append that worked."""
        self.append_seconds.add(seconds)
        self.append_requests.add(records)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterable[Metric]:
        """See `prometheus_client.registry.Collector`."""
        requests = CounterMetricFamily(
            _PREFIX + "requests", "Requests by what became of them", labels=("protocol", "outcome")
        )
        for labels, count in sorted(self.requests.items()):
            requests.add_metric(labels, count)
        yield requests
        body_bytes = CounterMetricFamily(
            _PREFIX + "body_bytes", "Bytes of bodies taken", labels=("protocol",)
        )
        for protocol, size in sorted(self.body_bytes.items()):
            body_bytes.add_metric((protocol,), size)
        yield body_bytes
        yield _histogram("append_seconds", "One append, sync included", self.append_seconds)
        yield _histogram("append_requests", "Requests of one append", self.append_requests)
        yield GaugeMetricFamily(
            _PREFIX + "pending_bytes", "Bodies that wait for the disk", self.pending_bytes()
        )
        yield GaugeMetricFamily(_PREFIX + "connections", "Open connections", self.connections())
        dropped = CounterMetricFamily(
            _PREFIX + "connections_dropped", "Connections closed by us, by why", labels=("why",)
        )
        for why, count in sorted(self.connections_dropped().items()):
            dropped.add_metric((why,), count)
        yield dropped
        yield CounterMetricFamily(
            _PREFIX + "bodies_dropped",
            "Unfinished bodies dropped for others",
            self.bodies_dropped(),
        )
        yield CounterMetricFamily(
            _PREFIX + "malformed", "Connections that did not speak HTTP", self.malformed
        )
        yield CounterMetricFamily(
            _PREFIX + "key_failures", "Times the keys could not be read", self.key_failures()
        )


def _histogram(name: str, text: str, histogram: Histogram) -> HistogramMetricFamily:
    family = HistogramMetricFamily(_PREFIX + name, text)
    family.add_metric((), buckets=histogram.buckets(), sum_value=histogram.sum)
    return family
