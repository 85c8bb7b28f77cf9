"""What a comparison claims: against textbooks, and by trying it often."""

from __future__ import annotations

import random

import pytest

from footfall.explore.models.compare import always_valid, days_left, split_p, wilson
from footfall.explore.models.credit import markov
from footfall.explore.question import CompareQuestion, Selector

QUESTION = CompareQuestion(variant="properties.v", goal=Selector(event="buy"), effect_min=0.2)


def test_a_split_by_the_tables() -> None:
    """Critical values of chi-square as every table prints them."""
    assert split_p([500, 500], ()) == 1.0
    for others, critical in ((1, 3.841), (2, 5.991), (3, 7.815), (4, 9.488)):
        sizes = [10_000.0] * (others + 1)
        shift = (critical * 10_000 / 2) ** 0.5
        sizes[0] += shift
        sizes[1] -= shift
        assert split_p(sizes, ()) == pytest.approx(0.05, abs=2e-4)  # type: ignore[arg-type]
    assert split_p([900, 100], (9, 1)) == 1.0
    assert split_p([700], ()) is None


def test_an_interval_by_the_textbook() -> None:
    """Wilson's of 10 in 100, and of none in ten: it has width."""
    assert wilson(100, 10) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(10, 0) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_looking_every_day_claims_no_more_than_promised() -> None:
    """Two variants that are the same, looked at 200 times: claimed in at most alpha of the runs.

    A test for one look at 5 % would claim a difference in about 40 % of them.
    """
    chance = random.Random(7)  # noqa: S311 (no secret)
    always = once = 0
    for _ in range(300):
        won, size = [0, 0], 0
        claimed = fooled = False
        for _ in range(200):
            size += 50
            for arm in (0, 1):
                won[arm] += sum(chance.random() < 0.2 for _ in range(50))
            rates = [one / size for one in won]
            variance = sum(rate * (1 - rate) / size for rate in rates)
            distance = abs(rates[0] - rates[1])
            claimed |= distance > always_valid(variance, 0.02**2, 0.05)
            fooled |= distance > 1.96 * variance**0.5
        always += claimed
        once += fooled
    assert always <= 0.05 * 300
    assert once > 0.2 * 300


def test_it_says_when_it_will_be_known() -> None:
    """More people, fewer days; enough of them, none."""
    few, many = {"a": 100, "b": 100}, {"a": 1_000, "b": 1_000}
    soon = [
        days_left(QUESTION, ["a", "b"], sizes, {"a": sizes["a"] // 5}, 1.0)
        for sizes in (few, many, {"a": 10**6, "b": 10**6})
    ]
    assert soon[0] is not None
    assert soon[1] is not None
    assert soon[0] > soon[1] > 0
    assert soon[2] is None


def test_markov_by_hand() -> None:
    """Half go a → b → goal, half a → nothing: without either nobody converts, so each has half."""
    ways = {(None, "a"): 2, ("a", "b"): 1, ("a", ""): 1, ("b", None): 1}
    assert markov(ways) == {"a": 0.5, "b": 0.5}
    assert markov({(None, "a"): 1, ("a", ""): 1}) == {"a": 0.0}
