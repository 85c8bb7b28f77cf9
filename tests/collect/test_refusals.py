"""The table of refusals: each protocol has an answer for all that can happen to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from footfall.collect._refusals import (
    AWS_STATUS,
    DETAILS,
    EVENTS_STATUS,
    PIXEL_STATUS,
    RETRY_AFTER_SECONDS,
    Refusal,
)

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "refusals.md"


def test_documented_table_is_the_table() -> None:
    """People choose retries by the page, so it may not be out of date."""
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    documented = {name: [cell.strip() for cell in cells.split("|")][-4:] for name, cells in rows}
    assert documented == {
        refusal.value: [
            *(
                str(statuses.get(refusal, "–"))
                for statuses in (AWS_STATUS, EVENTS_STATUS, PIXEL_STATUS)
            ),
            f"{RETRY_AFTER_SECONDS[refusal]} s" if refusal in RETRY_AFTER_SECONDS else "–",
        ]
        for refusal in Refusal
    }


@pytest.mark.parametrize("statuses", [AWS_STATUS, EVENTS_STATUS, PIXEL_STATUS])
def test_what_passes_is_told_so(statuses: dict[Refusal, int]) -> None:
    """Clients retry on 429 and 5xx: exactly the refusals that are over by themselves."""
    for refusal, status in statuses.items():
        assert (status in (429, 503)) == (refusal in RETRY_AFTER_SECONDS)
        assert refusal in DETAILS


def test_no_body_can_make_the_aws_sdk_jam() -> None:
    """It repeats what was refused, before anything newer: nothing about a body is refused."""
    assert Refusal.BODY_TOO_LARGE not in AWS_STATUS
    assert 429 not in AWS_STATUS.values()
