"""What fired live equals what a back-test says: late events, restarts, revisions among it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.clock import MINUTE
from tests.alerts.harness import Alerting
from tests.pipeline.test_pipeline import _drive, _traffic
from tests.scale import IS_FULL

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "pipeline.watermark_lag=1ms",
    "sessions.file_rows_min=1",
    "sessions.gap=5m",
    "sessions.hot_age=2h",
    'sessions.definitions={gap={kind="gap"},minute={kind="step",step="1m"}}',
)
RULES = {
    "short": {"kind": "session", "when": "duration_ms < 60000"},
    "busy": {"kind": "session", "when": "events > 2 AND status = 'closed'"},
    "windows": {"kind": "session", "when": "events > 1", "definition": "minute"},
    "many": {"kind": "metric", "above": 2, "window": "1m"},
    "few": {"kind": "metric", "measure": "value", "of": "count(DISTINCT visitor_id)", "below": 2,
            "window": "4m", "every": "2m"},
    "long": {"kind": "metric", "measure": "quantile", "of": "duration_ms", "over": "sessions",
             "above": 1000, "window": "5m"},
    "gone": {"kind": "metric", "measure": "absence", "window": "2m"},
}  # fmt: skip


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    made = Alerting(tmp_path / "home", *SETTINGS)
    yield made
    made.stop_consumers()


@pytest.mark.parametrize("seed", range(12) if IS_FULL else (3,))
def test_live_firings_are_those_of_the_back_test(alerting: Alerting, seed: int) -> None:
    """Each rule, after late events, repeats, broken requests and two restarts."""
    for name, options in RULES.items():
        alerting.add(name, **options)
    batches = _traffic(seed, 24)
    for first in (0, 8, 16):
        pipeline = alerting.pipeline()
        _drive(alerting, pipeline, batches[first : first + 8])
        assert pipeline.consumers.settle(120)
    for _ in range(4):  # until everything is closed, and its epochs are committed
        alerting.clock.advance(3 * MINUTE)
        pipeline.step()
    pipeline.finish()
    pipeline = alerting.pipeline()
    pipeline.step()
    assert pipeline.consumers.settle(120)
    now = alerting.clock.now_us()
    alerting.wait_for_windows(now - 6 * MINUTE)
    for name in RULES:
        tested = alerting.test(name, "38m")
        assert not tested.is_cut_off
        kind = RULES[name]["kind"]
        until = now - 6 * MINUTE
        expected = {one.subject for one in tested.firings if one.at <= until or kind == "session"}
        found = alerting.desk.history(1000, rule=name).firings
        fired = {one.subject for one in found if one.state == "firing" and one.at >= tested.since}
        if kind != "session":
            fired = {subject for subject in fired if int(subject) <= until}
        print(name, len(expected), len(fired))
        for one in found:
            if one.subject in fired ^ expected:
                print(one)
                from footfall.query.engine import Engine

                e = Engine(alerting.home, "default", alerting.settings.query)
                for r in e.run(
                    "SELECT * FROM sessions WHERE visitor_id = ?", (one.details["visitor_id"],)
                ).table.to_pylist():
                    print(
                        {
                            k: str(r[k])
                            for k in (
                                "session_id",
                                "revision",
                                "started_at",
                                "ended_at",
                                "events",
                                "epoch",
                                "status",
                            )
                        }
                    )
        assert fired == expected, name
    assert 0
