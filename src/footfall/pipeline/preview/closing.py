"""Sessions that close while they are only previewed, for consumers that act on them at once.

What is said is the difference between two looks: of all sessions that are closed and not in the
lake, those that were not said before in this form. When an epoch is committed its sessions are in
the lake, and previews go on from it with the same rows; so what was said once is not said again,
whichever way the states came to be.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
import numpy.typing as npt

from footfall.pipeline.consumers.closed import counted
from footfall.pipeline.consumers.contract import DefinitionSeen, Progress, SessionsSeen
from footfall.pipeline.preview.preview import Preview
from footfall.sessionize import (
    NOTHING,
    Definitions,
    SessionDefinition,
    key_of,
    new_closed,
    open_by_app,
)

Keys = npt.NDArray[np.uint64]
ROWS_MAX: Final = 1 << 14
"""Sessions of one definition in one look; the others follow with the next, or with the epoch."""


class SessionWatch:
    """Looks at the previewed states, and says what changed since it looked last."""

    def __init__(self, definitions: Definitions) -> None:
        """Nothing is said yet."""
        self._definitions = definitions
        self._said: dict[str, Keys] = {}
        self._open: dict[str, dict[str, int]] = {}

    def look(self, preview: Preview, progress: Progress) -> SessionsSeen | None:
        """What changed until now; `None` for nothing."""
        opened: dict[str, Counter[str]] = {}
        joined: dict[str, Counter[str]] = {}
        for key, counts in preview.opened:
            opened.setdefault(key, Counter()).update(counts.opened)
            joined.setdefault(key, Counter()).update(counts.joined)
        preview.opened = []
        none = Counter[str]()
        found = {}
        for one in self._definitions:
            key = key_of(one)
            seen = self._of(
                one, preview, progress.watermark, opened.get(key, none), joined.get(key, none)
            )
            if seen is not None:
                found[one.name] = seen
        if not found:
            return None
        return SessionsSeen(progress.at, progress.watermark, progress.epoch, found)

    def _of(
        self,
        definition: SessionDefinition,
        preview: Preview,
        watermark: int,
        opened: Counter[str],
        joined: Counter[str],
    ) -> DefinitionSeen | None:
        key = key_of(definition)
        state, before = preview.states[key], definition.closed_before(watermark)
        rows, self._said[key] = new_closed(state, before, self._said.get(key, NOTHING), ROWS_MAX)
        was_open, self._open[key] = self._open.get(key, {}), open_by_app(state, before)
        if not (rows.num_rows or opened or joined or was_open != self._open[key]):
            return None
        return DefinitionSeen(rows, counted(rows, opened, joined, self._open[key]))
