"""Paths: journeys as lists of nodes, and how many went from one to another."""

from __future__ import annotations

import numpy as np

from footfall.explore.journeys.kernels.cache import Rows, compiled


@compiled
def journeys(
    offsets: Rows,
    first: int,
    last: int,
    nodes: Rows,
    times: Rows,
    gap: int,
    is_merged: bool,
    is_backward: bool,
    anchor: int,
    whose: Rows,
    steps: Rows,
) -> int:
    """The first steps of each journey from its anchor on.

    With a gap of 30 and the anchor a:

        time    0   5   10   50          journeys   x a b | a
        node    x   a   b    a           steps      a b -   a - -

    Args:
        offsets: Where actors' rows begin.
        first: The first actor.
        last: One after the last.
        nodes: Of each row; -1: it is none.
        times: When.
        gap: A longer pause between nodes begins another journey; -1: nothing does.
        is_merged: The same node again at once is one step.
        is_backward: Steps are counted back from the anchor's last time, not on from its first.
        anchor: A node; -1: where the journey begins (backward: ends).
        whose: Filled: the actor of each journey.
        steps: Filled: nodes of each journey from the anchor; -1 where there are no more.

    Returns:
        How many journeys have the anchor.
    """
    base, count = offsets[first], 0
    walked = np.empty(len(nodes), np.int64)
    for actor in range(first, last):
        length, before, t_before = 0, -1, 0
        for row in range(offsets[actor] - base, offsets[actor + 1] - base):
            node = nodes[row]
            if node < 0:
                continue
            t = times[row]
            if length and gap >= 0 and t - t_before > gap:
                count += _anchored(walked[:length], is_backward, anchor, actor, whose, steps, count)
                length, before = 0, -1
            if node != before or not is_merged:
                walked[length] = node
                length += 1
            before, t_before = node, t
        if length:
            count += _anchored(walked[:length], is_backward, anchor, actor, whose, steps, count)
    return count


@compiled
def _anchored(
    walked: Rows,
    is_backward: bool,
    anchor: int,
    actor: int,
    whose: Rows,
    steps: Rows,
    place: int,
) -> int:
    """Write down one journey from its anchor; 1, or 0 where it never is there."""
    way = -1 if is_backward else 1
    at = len(walked) - 1 if is_backward else 0
    while anchor >= 0 and 0 <= at < len(walked) and walked[at] != anchor:
        at += way
    if not 0 <= at < len(walked):
        return 0
    whose[place] = actor
    for step in range(steps.shape[1]):
        steps[place, step] = walked[at] if 0 <= at < len(walked) else -1
        at += way
    return 1


@compiled
def at_steps(whose: Rows, steps: Rows, counts: Rows, stamps: Rows) -> None:
    """Add to `counts` of step and node everybody who was there once, however many journeys."""
    for one in range(len(whose)):
        for step in range(steps.shape[1]):
            node = steps[one, step]
            if node < 0:
                break
            if stamps[step, node] != whose[one]:
                stamps[step, node] = whose[one]
                counts[step, node] += 1


@compiled
def between(
    whose: Rows,
    steps: Rows,
    places: Rows,
    nodes: Rows,
    nodes_stamps: Rows,
    ways: Rows,
    ways_stamps: Rows,
) -> None:
    """Add to `nodes` and `ways` everybody who was at a node, and who went on to which.

    `places` has for each step and node its place among those that are shown, the last one for the
    rest; the last place of `ways` is the journey's end.
    """
    last = steps.shape[1] - 1
    for one in range(len(whose)):
        actor = whose[one]
        for step in range(last + 1):
            if steps[one, step] < 0:
                break
            here = places[step, steps[one, step]]
            if nodes_stamps[step, here] != actor:
                nodes_stamps[step, here] = actor
                nodes[step, here] += 1
            if step == last:
                break
            following = steps[one, step + 1]
            onward = ways.shape[2] - 1 if following < 0 else places[step + 1, following]
            if ways_stamps[step, here, onward] != actor:
                ways_stamps[step, here, onward] = actor
                ways[step, here, onward] += 1
