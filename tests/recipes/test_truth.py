"""The judge itself: it must see every difference, and none where there is none."""

from __future__ import annotations

import pytest

from footfall.ledger import Ledger
from footfall.recipes.truth import (
    GroundTruth,
    TrueSession,
    TrueVisitor,
    ledger_differences,
    sessions_of,
)

ANN = TrueVisitor("ann", (TrueSession(0, 10, 2), TrueSession(100, 100, 1)))
BOB = TrueVisitor("bob", (TrueSession(50, 60, 3),), tolerance_us=5)
TRUTH = GroundTruth(
    Ledger(requests=6, decoded=5, undecodable=1, records=8, events=6, failed=1, duplicates=1),
    (ANN, BOB),
)
ROWS = [("ann", 0, 10, 2), ("ann", 100, 100, 1), ("bob", 50, 60, 3)]


def test_equal_sessions_have_no_differences() -> None:
    """In any order: SQL promises none."""
    assert TRUTH.differences(reversed(ROWS)) == []


@pytest.mark.parametrize(
    ("rows", "visitor"),
    [
        ([("ann", 0, 10, 2), *ROWS[2:]], "ann"),
        ([("ann", 0, 100, 3), *ROWS[2:]], "ann"),
        ([("ann", 0, 10, 3), *ROWS[1:]], "ann"),
        ([("ann", 1, 10, 2), *ROWS[1:]], "ann"),
        ([*ROWS, ("ann", 200, 200, 1)], "ann"),
        ([*ROWS[:2], ("bob", 50, 66, 3)], "bob"),
        (ROWS[:2], "bob"),
        ([*ROWS, ("eve", 1, 1, 1)], "eve"),
    ],
    ids=["lost", "joined", "counted", "early", "extra", "too far", "nobody", "stranger"],
)
def test_each_difference_names_its_visitor(rows: list, visitor: str) -> None:
    """Lost, joined, miscounted, shifted, invented: one sentence, of the visitor it is about."""
    (sentence,) = TRUTH.differences(rows)
    assert sentence.startswith(f"{visitor}: ")


def test_tolerance_is_of_times_only_and_of_its_visitor_only() -> None:
    """A wrong clock makes times uncertain, never the number of events."""
    assert TRUTH.differences([*ROWS[:2], ("bob", 45, 65, 3)]) == []
    assert len(TRUTH.differences([*ROWS[:2], ("bob", 50, 60, 2)])) == 1


def test_many_differences_are_cut() -> None:
    """A broken lake must not fill the terminal."""
    strangers = [(f"eve{number:03}", 1, 1, 1) for number in range(100)]
    sentences = TRUTH.differences([*ROWS, *strangers])
    assert (len(sentences), sentences[-1]) == (21, "… and 80 visitors more")


def test_ledgers_must_be_equal_when_nothing_was_sent_twice() -> None:
    """Every sum counts: a lost and an invented event together leave the total as it was."""
    assert ledger_differences(TRUTH.ledger, TRUTH.ledger) == []
    off = Ledger(requests=6, decoded=5, undecodable=1, records=8, events=5, failed=1, duplicates=2)
    assert ledger_differences(TRUTH.ledger, off) == [
        "events: sent 6, in the lake 5",
        "duplicates: sent 1, in the lake 2",
    ]


def test_lost_answers_allow_repeated_requests_and_no_more() -> None:
    """A repeated request adds duplicates; events stay exact."""
    twice = Ledger(
        requests=7, decoded=6, undecodable=1, records=10, events=6, failed=1, duplicates=3
    )
    assert ledger_differences(TRUTH.ledger, twice, sent_twice_max=1) == []
    assert ledger_differences(TRUTH.ledger, twice) != []
    thrice = Ledger(
        requests=8, decoded=7, undecodable=1, records=10, events=6, failed=1, duplicates=3
    )
    assert len(ledger_differences(TRUTH.ledger, thrice, sent_twice_max=1)) == 1


def test_a_ledger_that_does_not_add_up_is_a_difference() -> None:
    """Sums may equal the truth's and still not balance with what else the platform counted."""
    off = Ledger(
        requests=6, decoded=5, undecodable=1, records=8, events=6, failed=1, duplicates=1,
        dropped={"consent": 1},
    )  # fmt: skip
    assert ledger_differences(TRUTH.ledger, off) == [
        "records do not add up: 8 records ≠ 9 accounted for"
    ]


def test_exactly_the_gap_is_the_same_session() -> None:
    """The recount's own boundary, which every other test relies on."""
    (visitor,) = sessions_of({"ann": [31, 0, 10, 20]}, gap_us=10)
    assert visitor.sessions == (TrueSession(0, 20, 3), TrueSession(31, 31, 1))
