"""Which session definitions an epoch is made by, and their states where those changed."""

from __future__ import annotations

from collections.abc import Callable

from footfall.errors import Conflict
from footfall.lake import EpochsUpTo, Lake
from footfall.pipeline.epoch.plan import EpochPlan
from footfall.sessionize import Definitions, SessionState, SessionStates


def definitions_of(plan: EpochPlan) -> Definitions:
    """The session definitions that the plan's rows are made by.

    Raises:
        Conflict: this version has others of these names; start the one that wrote the plan once.
    """
    found = Definitions.of(plan.rules.sessions)
    if found.keys != plan.definitions:
        raise Conflict(
            "an epoch was planned with other session definitions than this version has; start the"
            " version that planned it once more and stop it, then this one:"
            f" epoch={plan.epoch} planned={', '.join(plan.definitions)}"
            f" here={', '.join(found.keys)}"
        )
    return found


def states_for(
    definitions: Definitions,
    states: SessionStates,
    lake: Lake,
    epoch: int,
    watermark: int,
    begin: Callable[[str], None] = lambda _: None,
) -> SessionStates:
    """States of these definitions after `epoch`, where it was done by others.

    A definition that is new begins with the sessions that are hot then, made from the lake's
    events: what it says of them is exact from the first epoch on. What ended before is computed by
    others (`footfall.redefine`), who go by what `begin` noted of its key. One that is gone is
    forgotten; its rows stay.

    Raises:
        Conflict: another definition became the default; events and `sessions` follow the one
            before, so put it first in `sessions.definitions`; or `begin` refuses a definition.
    """
    if definitions.keys[0] != states.keys[0] and epoch:
        raise Conflict(
            "this project's events and sessions follow another session definition; put it first in"
            f" sessions.definitions: default={states.keys[0]} first={definitions.keys[0]}"
        )
    found: dict[str, SessionState] = {}
    for key in definitions.keys:
        if key in states.keys:
            found[key] = states[key].with_columns(definitions[key].columns)
        elif not epoch:
            found[key] = SessionState.empty(definitions[key].columns)
        else:
            one = definitions[key]
            begin(key)
            with lake.locks.reading():
                past = EpochsUpTo(lake, epoch).of(one.name, one.version, one.key, is_new=True)
                found[key] = one.remade(past, watermark)
    return SessionStates(found)
