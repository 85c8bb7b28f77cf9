"""Whether a rule about short sessions fired for each of them, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from footfall.cli.demos.cooking import Compared
from footfall.clock import SECOND
from footfall.recipes.systems.beer_shop import RULE, SHORT_MS

if TYPE_CHECKING:
    from footfall.cli.demos.hook import Hook

SHORT_SQL: Final = """
SELECT session_id::VARCHAR AS id, ended_at FROM sessions_beer
WHERE status = 'closed' AND duration_ms < ?
"""


def short_sessions(project: Any, hook: Hook, began: int) -> list[Compared]:
    """Compare the log with the rule's back-test over the lake, from the first firing on.

    What happened before the rule was there fires never. None at all is right only if none ended
    since clicks came as they happen (`began`, microseconds): windows may be longer than that.
    """
    told = {one["details"]["session_id"]: one["at"] for one in hook.standing}
    short = {row["id"]: row["ended_at"] for row in project.sql(SHORT_SQL, SHORT_MS).rows()}
    wrong = sorted(set(told) - set(short))
    first = min((short[one] for one in told if one in short), default=None)
    missing = [one for one, at in short.items() if first and at > first and one not in told]
    differs = ""
    is_silent = not told and any(at.timestamp() * SECOND > began for at in short.values())
    if wrong or missing or is_silent:
        differs = (
            f"{len(missing):,} short sessions were not told, {len(wrong):,} of those told are none"
        )
    return [Compared(f"alert {RULE!r}: one line for each session below 20 s", len(told), differs)]
