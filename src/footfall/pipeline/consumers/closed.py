"""Sessions that closed, counted by app; and those that a committed epoch has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from footfall.pipeline.consumers.committed import CommittedEpoch
from footfall.pipeline.consumers.contract import DefinitionSeen, SessionCounts, SessionsSeen
from footfall.session import SESSION_SCHEMA

_NONE: Final[Mapping[str, int]] = {}


def counted(
    rows: pa.Table,
    opened: Mapping[str, int] = _NONE,
    joined: Mapping[str, int] = _NONE,
    still_open: Mapping[str, int] | None = None,
) -> dict[str, SessionCounts]:
    """Counts of `rows` (`SESSION_SCHEMA`) by app, beside the others."""
    is_first = pc.equal(rows.column("revision"), 1)
    closed = Counter(rows.filter(is_first).column("app_id").to_pylist())
    repaired = Counter(rows.filter(pc.invert(is_first)).column("app_id").to_pylist())
    apps = sorted({*opened, *joined, *closed, *repaired, *(still_open or ())})
    return {
        app: SessionCounts(
            opened=opened.get(app, 0),
            joined=joined.get(app, 0),
            closed=closed[app],
            repaired=repaired[app],
            open=None if still_open is None else still_open.get(app, 0),
        )
        for app in apps
    }


def closed_in(epoch: CommittedEpoch, default: str) -> SessionsSeen:
    """Sessions that an epoch wrote; `default` is the name of the default definition.

    Raises:
        EpochLost, Corrupt: as `CommittedEpoch.rows`.
    """
    found = {default: epoch.rows("sessions")}
    others = epoch.rows("other_sessions")
    for name in others.column("definition").unique().to_pylist():
        rows = others.filter(pc.equal(others.column("definition"), name))
        found[name] = rows.select(SESSION_SCHEMA.names)
    return SessionsSeen(
        at=epoch.planned_at,
        watermark=epoch.watermark,
        epoch=epoch.number,
        definitions={
            name: DefinitionSeen(rows, counted(rows))
            for name, rows in found.items()
            if rows.num_rows
        },
    )
