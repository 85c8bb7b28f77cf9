"""Beer-shop sessions by a file worked by hand: windows, ids, `mm:ss` and seconds, with late events.

The statement is the one that docs/concepts/sessions.md gives.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.query.engine import Engine
from footfall.testing.sim_clock import SimClock
from tests.pipeline.harness import Bench, event, request
from tests.query.cuts import query_settings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "concepts" / "sessions.md"
AT = 1_614_359_340
"""2021-02-26 17:09:00 UTC, a whole minute: 1614359340 = 30 × 53811978 = 60 × 26905989."""

# Seconds after 17:09:00, user, device, event, how much later than its moment it arrives.
CLICKS = [
    (3.5, "158", "computer", "beer_vitrine_nav", 0),
    (8.9, "158", "computer", "beer_products", 0),
    (29.999, "158", "computer", "beer_product_detail", 0),
    (30.0, "158", "computer", "beer_cart", 0),  # the next window begins with it
    (31.2, "158", "mobile", "beer_selection", 0),  # another device, another key
    (65.0, "206", "tablet", "beer_checkout", 0),
    (1.25, "158", "computer", "beer_selection", 3_600),  # an hour late: the window has long gone
    (45.0, "206", "tablet", "beer_products", 5_400),  # late, and a window of its own
]

# 30 s: [17:09:00, 17:09:30) is 1614359340, the next 1614359370, the one from 17:10:00 1614359400.
# 158 on the computer: 1.25, 3.5, 8.9 and 29.999 → 4 events, 28.749 s, cut to 28.
BY_30_SECONDS = [
    ("158_COM1614359340", 4, "beer_selection", "beer_product_detail", "09:01", "09:29", 28),
    ("158_COM1614359370", 1, "beer_cart", "beer_cart", "09:30", "09:30", 0),
    ("158_MOB1614359370", 1, "beer_selection", "beer_selection", "09:31", "09:31", 0),
    ("206_TAB1614359370", 1, "beer_products", "beer_products", "09:45", "09:45", 0),
    ("206_TAB1614359400", 1, "beer_checkout", "beer_checkout", "10:05", "10:05", 0),
]
# 1 minute: all of 17:09 is 1614359340. 158 on the computer: 1.25 … 30.0 → 5 events, 28.75 s.
BY_MINUTE = [
    ("158_COM1614359340", 5, "beer_selection", "beer_cart", "09:01", "09:30", 28),
    ("158_MOB1614359340", 1, "beer_selection", "beer_selection", "09:31", "09:31", 0),
    ("206_TAB1614359340", 1, "beer_products", "beer_products", "09:45", "09:45", 0),
    ("206_TAB1614359400", 1, "beer_checkout", "beer_checkout", "10:05", "10:05", 0),
]
DEFINED = "{{beer={{kind='step',step='{}',key=['user_id','device_id']}}}}"


def _sent(bench: Bench, click: tuple[Any, ...], number: int) -> None:
    offset, user, device, name, late = click
    at = round((AT + offset) * SECOND)
    sent = event("visitor", at, number, user_id=user, device_id=device, name=name)
    bench.clock.advance(max(0, at + late * SECOND - bench.clock.now_us()))
    bench.append([request(number, [sent], bench.clock.now_us())])


@pytest.mark.parametrize(("step", "expected"), [("30s", BY_30_SECONDS), ("1m", BY_MINUTE)])
def test_sessions_equal_those_worked_by_hand(
    step: str, expected: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    """Late events change the one session of their window, a repeated one nothing: no row twice."""
    settings = ("pipeline.epoch_age_max=10s", "sessions.hot_age=1m", "sessions.gap=1m")
    bench = Bench(tmp_path, *settings, f"sessions.definitions={DEFINED.format(step)}")
    bench.clock = SimClock(AT * SECOND)
    pipeline = bench.pipeline()
    for number, click in enumerate([*CLICKS, CLICKS[1]]):
        _sent(bench, click, 1 if number == len(CLICKS) else number)
        pipeline.step()
        bench.clock.advance(5 * MINUTE if click[-1] else SECOND // 10)
        pipeline.step()
        pipeline._take_commit(wait=True)
        if number == len(CLICKS) - 3:
            bench.clock.advance(HOUR // 2)
            pipeline.finish()
            assert len(pipeline.truth.state["beer.1"]) == 0, "written and let go"
    for _ in range(3):
        pipeline.finish()
        bench.clock.advance(HOUR)
        pipeline.step()
    pipeline.finish()
    statement = re.search(r"```sql\n(SELECT upper.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert statement is not None
    sql = re.sub(r"\b30\b", "60" if step == "1m" else "30", statement[1])
    engine = Engine(bench.home, "default", query_settings())
    try:
        found = engine.run(sql).table
    finally:
        engine.close()
    names = "session_id events beginnavigation endnavigation beginsession endsession duration_sec"
    rows = [tuple(row[name] for name in names.split()) for row in found.to_pylist()]
    assert sorted(rows) == expected
    assert {row["user_id"] + row["device_id"] for row in found.to_pylist()} == {
        "158computer",
        "158mobile",
        "206tablet",
    }
    revisions = bench.tables()["other_sessions"].select(["session_id", "revision"]).to_pylist()
    first = max(revisions, key=lambda row: row["revision"])
    assert first["revision"] == 2


def test_the_page_shows_the_table_that_was_worked_by_hand() -> None:
    """Whoever checks it with a pencil has the numbers that the tests have."""
    page = DOCS.read_text("utf-8")
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in BY_30_SECONDS]
    assert "\n".join(lines) in page
