"""Units of time, such as days: which one a row is in is looked up, not searched for.

Time is cut into slots that are shorter than most units, a power of two long; `slots` has the unit
that each begins in. A row's unit is that of its slot, or one after it. With units from 0, 10, 25
and slots of 8:

    slot begins   0   8   16   24         time 9: its slot's unit is 0, but 9 is before 10: unit 0
    slots         0   0   1    1          time 26: 1, and 25 is past: unit 2
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from footfall.explore.journeys.kernels.cache import Rows, inlined

SLOTS_MAX: Final = 4_096
"""So that all of them stay in a processor's nearest cache."""
Units = tuple[NDArray[np.int64], int, NDArray[np.uint64]]
"""Where units begin, and one more; how far to shift a time to its slot; each slot's unit."""


def units_of(given: Sequence[int] | NDArray[Any]) -> Units:
    """Of bounds: where units begin, and one more."""
    bounds = np.array(given, np.int64)
    length, shift = int(bounds[-1] - bounds[0]), 0
    while length >> shift >= SLOTS_MAX:
        shift += 1
    begins = bounds[0] + (np.arange((length >> shift) + 1, dtype=np.int64) << shift)
    return bounds, shift, (np.searchsorted(bounds, begins, side="right") - 1).astype(np.uint64)


@inlined
def unit_at(time: int, bounds: Rows, shift: int, slots: Rows) -> Any:
    """The unit of a time between the first bound and the last."""
    unit = slots[np.uint64((time - bounds[0]) >> shift)]
    while time >= bounds[unit + np.uint64(1)]:
        unit += np.uint64(1)
    return unit
