"""Rates and the quarantine's bound, with a clock in hand."""

from __future__ import annotations

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.collect.limits.rates import AppRates, Quarantine
from footfall.testing import SimClock


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 9)), max_size=30))
def test_rate_and_burst_bound_every_stretch_of_time(steps: list[tuple[int, int]]) -> None:
    """Within any stretch of t seconds at most burst + rate · t requests are taken."""
    clock, rate = SimClock(), 3
    rates = AppRates(rate, clock)
    taken: list[float] = []
    for wait, tries in steps:
        clock.advance(wait)
        taken += [clock.monotonic() for _ in range(tries) if rates.take("shop")]
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            seconds = taken[last] - taken[first]
            assert last - first + 1 <= 2 * rate + rate * seconds + 1e-6


def test_apps_do_not_share_a_rate() -> None:
    """One app's flood is its own."""
    rates = AppRates(1, SimClock())
    assert [rates.take("a") for _ in range(3)] == [True, True, False]
    assert rates.take("b")


def test_quarantine_counts_any_sixty_minutes() -> None:
    """Not by the hour of the clock: two bursts around the full hour would be twice the bound."""
    clock = SimClock()
    quarantine = Quarantine(2, clock)
    taken = [quarantine.take()]
    clock.advance(59 * MINUTE)
    taken += [quarantine.take(), quarantine.take()]
    clock.advance(1 * MINUTE)
    taken += [quarantine.take(), quarantine.take()]
    clock.jump(9 * HOUR)
    taken.append(quarantine.take())
    assert taken == [True, True, False, True, False, False]
