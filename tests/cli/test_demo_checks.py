"""The checks of demos can fail: what is missing, twice, or another is told, and nothing else."""

from __future__ import annotations

import email.message
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from footfall.cli.demos.cooking import compared
from footfall.cli.demos.hook import SHOWN_MAX, Hook
from footfall.cli.demos.short import short_sessions
from footfall.clock import SECOND
from footfall.testing.sim_clock import SimClock

Rows = list[dict[str, Any]]


class Said:
    """A project that answers what it was told to."""

    def __init__(self, **answers: Rows) -> None:
        self._answers = answers

    def sql(self, text: str, *_: object) -> Said:
        return Said(rows=self._answers.get(text) or self._answers["any"])

    def rows(self) -> Rows:
        return self._answers["rows"]


A, B = {"x": 1, "y": "a"}, {"x": 2, "y": "b"}


@pytest.mark.parametrize(
    ("files", "lake", "said"),
    [
        ([A, B], [B, A], ""),
        ([A], [A, B], "1 rows of the lake are not in the files, such as [(2, 'b')]"),
        ([A, B, B], [A, B], "1 the other way, such as [(2, 'b')]"),
    ],
)
def test_files_and_lake_differ_by_row_and_number(files: Rows, lake: Rows, said: str) -> None:
    """Order does not matter; a row too few or too many does."""
    found = compared(Said(files=files, lake=lake), "clicks", "files", "lake")
    assert (bool(found.differs), said in found.differs) == (bool(said), True)


def delivery(secret: str, **changes: Any) -> tuple[bytes, email.message.Message]:
    firing = {"delivery_id": "d", "sequence": 1, "state": "firing", "at": "now", "title": "t"}
    body = json.dumps({"firings": [{**firing, "details": {"session_id": "s"}, **changes}]}).encode()
    headers = email.message.Message()
    headers["footfall-timestamp"] = "1"
    digest = hmac.new(secret.encode(), b"1." + body, hashlib.sha256).hexdigest()
    headers["footfall-signature"] = f"sha256={digest}"
    return body, headers


def test_the_log_has_each_firing_once(tmp_path: Path) -> None:
    """Deliveries come at least once, and what is withdrawn stands no more."""
    hook = Hook(tmp_path / "log", "secret", is_shown=False)
    assert not hook.take(*delivery("another"))
    assert not hook.log.exists()
    for _ in range(2):
        assert hook.take(*delivery("secret"))
    assert hook.log.read_text() == "now  t\n"
    session = [{"id": "s", "ended_at": 5}]
    assert not short_sessions(Said(any=session), hook)[0].differs
    more = [*session, {"id": "later", "ended_at": 6}, {"id": "before the rule", "ended_at": 4}]
    assert short_sessions(Said(any=more), hook)[0].differs.startswith("1 short sessions")
    assert "1 of those told" in short_sessions(Said(any=more[1:]), hook)[0].differs
    assert hook.take(*delivery("secret", sequence=2, state="withdrawn"))
    assert hook.standing == []


def test_a_terminal_is_not_flooded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A few lines at a time, and how many came else; the log has every one."""
    clock = SimClock()
    hook = Hook(tmp_path / "log", "secret", is_shown=True, clock=clock)
    hook.take(*delivery("secret", delivery_id="before"))
    hook.show()
    for number in range(SHOWN_MAX + 4):
        hook.take(*delivery("secret", delivery_id=f"d{number}", title=f"short {number}"))
    clock.advance(11 * SECOND)
    hook.take(*delivery("secret", delivery_id="later", title="short again"))
    told = [line.removeprefix("now  ") for line in capsys.readouterr().out.splitlines()]
    assert told == [
        *(f"short {n}" for n in range(SHOWN_MAX)),
        "… and 4 more, in log",
        "short again",
    ]
    assert len((tmp_path / "log").read_text().splitlines()) == SHOWN_MAX + 6
