"""Path: where people go next, or where they came from."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from footfall.explore.question.common import Common, Per, Selector, Text

STEPS_MIN: Final = 2
STEPS_MAX: Final = 10
RULES_MAX: Final = 50
NODES_MAX: Final = 50
"""Nodes of one step that are shown."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nodes that are one: `{"match": "/product/*", "label": "a product"}`."""

    match: Text
    """A node's name; `*` at its beginning or end stands for anything."""
    label: Text = ""
    """What to call them; else as `match` is."""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.match


class PathQuestion(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of `POST /api/explore/path`."""

    nodes: Literal["events", "pages", "screens"] = "events"
    """What a step is: the event's name, the path of a page view, the name of a screen view."""
    events: Selector = msgspec.field(default_factory=Selector)
    """Which events are steps at all."""
    direction: Literal["from", "to"] = "from"
    node: Text | None = None
    """Where it begins (`from`: the first time there) or ends (`to`: the last time); null: where
    the journey does."""
    per: Per = "session"
    gap: Text = "30m"
    """Per visitor or user: what follows after a longer pause is another journey."""
    steps: int = 5
    """From 2 to 10, the first included."""
    merge_repeats: bool = True
    """The same node again at once is one step."""
    rules: tuple[Rule, ...] = ()
    """The first one that matches names the node."""
    top: int = 8
    """Nodes shown of each step, from 1 to 50; the others are its rest."""
    groups: int = 10
    """Groups of a breakdown shown, from 1 to 100; the same nodes are shown in each."""
