"""Actions of installed packages: a function in the entry-point group `footfall.actions`.

    [project.entry-points."footfall.actions"]
    recommend = "shop_actions:recommend"

It is called with a list of firings, as webhooks have them, in a thread of the pipeline's process:
it must be quick, or hand on. What it raises is a failure, tried again as any other: an `OSError` as
a service that is away, anything else as a firing that it cannot take, so that the list comes again
in smaller parts. It is given a firing at least once, each time under the same `delivery_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any, Final

from footfall.alerts.actions import Refused
from footfall.errors import FootfallError, Invalid, Unavailable

ENTRY_POINT_GROUP: Final = "footfall.actions"
Action = Callable[[Sequence[dict[str, Any]]], object]


def action_names() -> list[str]:
    """Those that are installed."""
    return sorted(point.name for point in metadata.entry_points(group=ENTRY_POINT_GROUP))


def act(name: str, firings: Sequence[dict[str, Any]]) -> None:
    """Call one.

    Raises:
        Invalid: none of this name is installed, or it cannot be loaded.
        Unavailable: it raised an `OSError`.
        Refused: it raised something else.
    """
    points = metadata.entry_points(group=ENTRY_POINT_GROUP, name=name)
    point = next(iter(points), None)
    if point is None:
        names = ", ".join(action_names()) or "none"
        raise Invalid(f"no such action is installed; there are: {names}: action={name}")
    try:
        action: Action = point.load()
    except Exception as error:  # a plug-in may raise anything
        raise Invalid(f"the action cannot be loaded: action={name}: {error}") from error
    try:
        action(firings)
    except FootfallError:
        raise
    except OSError as error:
        raise Unavailable(f"the action failed: action={name}: {error}") from error
    except Exception as error:  # a plug-in may raise anything
        raise Refused(f"the action failed: action={name}: {error}") from error
