"""The table of refusals: each route has an answer for all that can happen to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from footfall.errors import Invalid
from footfall.protocols import (
    BUILT_IN,
    DETAILS,
    RETRY_AFTER_SECONDS,
    USUAL_STATUSES,
    Query,
    Refusal,
    Route,
)

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "refusals.md"
ROUTES = {name: protocol.routes[0] for name, protocol in BUILT_IN.items()}


def status_of(route: Route, refusal: Refusal) -> str:
    return str(route.statuses[refusal]) if refusal in route.refusals else "–"


def test_documented_table_is_the_table() -> None:
    """People choose retries by the page, so it may not be out of date."""
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    documented = {name: [cell.strip() for cell in cells.split("|")][-4:] for name, cells in rows}
    assert documented == {
        refusal.value: [
            *(status_of(ROUTES[name], refusal) for name in ("aws", "footfall", "pixel")),
            f"{RETRY_AFTER_SECONDS[refusal]} s" if refusal in RETRY_AFTER_SECONDS else "–",
        ]
        for refusal in Refusal
    }


@pytest.mark.parametrize("name", ROUTES)
def test_what_passes_is_told_so(name: str) -> None:
    """Clients retry on 429 and 5xx: exactly the refusals that are over by themselves."""
    route = ROUTES[name]
    for refusal in route.refusals:
        assert (route.statuses[refusal] in (429, 503)) == (refusal in RETRY_AFTER_SECONDS)
        assert refusal in DETAILS


def test_no_body_can_make_the_aws_sdk_jam() -> None:
    """It repeats what was refused, before anything newer: nothing about a body is refused."""
    route = ROUTES["aws"]
    assert Refusal.BODY_TOO_LARGE not in route.refusals
    assert 429 not in {route.statuses[refusal] for refusal in route.refusals}


@pytest.mark.parametrize("missing", Refusal)
def test_a_route_without_an_answer_to_a_refusal_is_none(missing: Refusal) -> None:
    """It would be found out by a client, at the moment when the disk is full."""
    statuses = {refusal: status for refusal, status in USUAL_STATUSES.items() if refusal != missing}
    with pytest.raises(Invalid, match=missing.value):
        Route(paths=("/in",), keys=(Query("k"),), statuses=statuses)
