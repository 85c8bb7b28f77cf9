"""What fired live equals what a back-test says: late events, restarts, revisions among it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall.alerts.rules import sessions as rules_of_sessions
from footfall.clock import MINUTE, SECOND
from tests.alerts.harness import Alerting
from tests.pipeline.harness import START_US
from tests.pipeline.test_pipeline import _drive, _traffic
from tests.scale import IS_FULL, scaled

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "pipeline.watermark_lag=1ms",
    "sessions.file_rows_min=1",
    "sessions.gap=5m",
    "sessions.hot_age=2h",
    'sessions.definitions={gap={kind="gap"},minute={kind="step",step="1m"}}',
    "query.time_max=60s",
)
RULES: dict[str, dict[str, Any]] = {
    "short": {"kind": "session", "when": "duration_ms < 60000"},
    "busy": {"kind": "session", "when": "events > 2 AND status = 'closed'"},
    "windows": {"kind": "session", "when": "events > 1", "definition": "minute"},
    "many": {"kind": "metric", "above": 2, "window": "1m"},
    "few": {"kind": "metric", "measure": "value", "of": "count(DISTINCT visitor_id)", "below": 4,
            "window": "4m", "every": "2m"},
    "long": {"kind": "metric", "measure": "quantile", "of": "duration_ms", "over": "sessions",
             "above": 0, "window": "5m"},
    "gone": {"kind": "metric", "measure": "absence", "window": "30s"},
}  # fmt: skip


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    made = Alerting(tmp_path / "home", *SETTINGS)
    yield made
    made.stop_consumers()


@pytest.mark.slow
@pytest.mark.timeout(scaled(600, 900))
@pytest.mark.parametrize("seed", range(8) if IS_FULL else (3,))
def test_live_firings_are_those_of_the_back_test(
    alerting: Alerting, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rule, after late events, repeats, broken requests and two restarts."""
    # As `query.time_max`: on a busy machine a condition may be given up, and fires for none then.
    monkeypatch.setattr(rules_of_sessions, "CONDITION_TIME_MAX", 60 * SECOND)
    for name, options in RULES.items():
        alerting.add(name, **options)
    batches = _traffic(seed, 18)
    for first in (0, 6, 12):
        pipeline = alerting.pipeline()
        _drive(alerting, pipeline, batches[first : first + 6])
        assert pipeline.consumers.settle(120)
    for _ in range(4):  # until everything is closed, and its epochs are committed
        alerting.clock.advance(3 * MINUTE)
        pipeline.step()
        pipeline._take_commit(wait=True)
    assert pipeline.consumers.settle(120)
    until = alerting.clock.now_us() - 6 * MINUTE
    alerting.wait_for_windows(until)
    counts, withdrawn = {}, 0
    for name in RULES:
        tested = alerting.test(name, f"{(until - START_US) // 1000}ms", until)
        found = alerting.desk.history(1000, rule=name).firings
        fired = {
            one.subject
            for one in found
            if one.state == "firing" and tested.since <= one.at <= tested.until
        }
        assert fired == {one.subject for one in tested.firings}, name
        counts[name] = len(fired)
        withdrawn += sum(one.state == "withdrawn" for one in found)
    assert all(counts.values()), counts
    assert withdrawn > 0
