"""The definitions of a project: which there are, and the state of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from footfall.errors import Conflict
from footfall.sessionize.definition import SessionDefinition, key_of
from footfall.sessionize.gap import GapDefinition
from footfall.sessionize.goals import Goals
from footfall.sessionize.key import Key
from footfall.sessionize.rows.columns import Engagement, StateColumns
from footfall.sessionize.rows.hot import has_closable
from footfall.sessionize.rows.state import SessionState
from footfall.sessionize.step import StepDefinition, Windows
from footfall.sessionize.zones import Zones
from footfall.settings import DefinitionSettings, SessionSettings


def _gap(name: str, one: DefinitionSettings, settings: SessionSettings) -> SessionDefinition:
    assert one.gap is not None, "filled from [sessions]"
    assert one.length_max is not None
    assert one.events_max is not None
    own = ("visitor_id", "client_session_id") if one.kind == "client" else ("visitor_id",)
    return GapDefinition(
        one.gap,
        one.length_max,
        one.events_max,
        settings.hot_age,
        settings.hot_max,
        name=name,
        version=one.version,
        key=Key(one.key or own),
        midnight=Zones.of(one.time_zone, one.time_zones) if one.cut_at_midnight else None,
        on_user=one.cut_on_user,
        on_campaign=one.cut_on_campaign,
        goals=Goals.of(settings.goals, one.keep_alive, one.not_interaction),
        engagement=_engagement(settings),
    )


def _step(name: str, one: DefinitionSettings, settings: SessionSettings) -> SessionDefinition:
    return StepDefinition(
        Windows(one.step, Zones.of(one.time_zone, one.time_zones)),
        settings.hot_age,
        settings.hot_max,
        name=name,
        version=one.version,
        key=Key(one.key or ("visitor_id",)),
        goals=Goals.of(settings.goals, one.keep_alive, one.not_interaction),
        columns=StateColumns(engagement=_engagement(settings)),
    )


def _engagement(settings: SessionSettings) -> Engagement:
    is_alone = settings.bounced == "one_event"
    return Engagement(settings.engaged_after, settings.engaged_views, is_alone)


KINDS: Final[dict[str, Callable[[str, DefinitionSettings, SessionSettings], SessionDefinition]]] = {
    "gap": _gap,
    "client": _gap,
    "step": _step,
    "day": _step,
}
"""What makes a definition of each kind from its options. `client` is `gap` by the SDK's session."""


class SessionStates:
    """The state of each definition, by key. Not changed by anything."""

    def __init__(self, states: Mapping[str, SessionState]) -> None:
        """Take them, the default's first."""
        self._states = dict(states)

    def __getitem__(self, key: str) -> SessionState:
        return self._states[key]

    def items(self) -> Iterable[tuple[str, SessionState]]:
        """Key and state of each, the default's first."""
        return self._states.items()

    @property
    def keys(self) -> tuple[str, ...]:
        """The default's first."""
        return tuple(self._states)

    @property
    def default(self) -> SessionState:
        """State of the definition that `events.session_id` follows."""
        return next(iter(self._states.values()))

    @property
    def has_pending(self) -> bool:
        """Whether any session of any definition is provisional."""
        return any(state.has_pending for state in self._states.values())

    def is_pending_but(self, left_out: Collection[str]) -> bool:
        """The same without definitions of these keys."""
        return any(one.has_pending for key, one in self._states.items() if key not in left_out)

    def map(self, function: Callable[[SessionState], SessionState]) -> SessionStates:
        """Each state as `function` gives it."""
        return SessionStates({key: function(state) for key, state in self._states.items()})


class Definitions:
    """The active definitions, the default first."""

    def __init__(self, definitions: Iterable[SessionDefinition]) -> None:
        """Take them; there is one at least, and no name is there twice."""
        self._by_key = {key_of(definition): definition for definition in definitions}

    @classmethod
    def of(cls, settings: SessionSettings) -> Definitions:
        """Those that the settings name."""
        return cls(KINDS[one.kind](name, one, settings) for name, one in settings.named.items())

    def refuse_changed(self, before: Definitions) -> None:
        """Refuse other options under the name and version that `before` has.

        Raises:
            Conflict: sessions of both would lie under one name; the sentence says what to do.
        """
        for key, one in self._by_key.items():
            if key in before._by_key and one.options != before._by_key[key].options:
                raise Conflict(
                    "a session definition has other options than its sessions were made by; put"
                    " them back, or give the definition another version (the default: add one of"
                    f" another name): definition={key} made by {before._by_key[key].options}"
                    f" here {one.options}"
                )

    def __iter__(self) -> Iterator[SessionDefinition]:
        return iter(self._by_key.values())

    def __getitem__(self, key: str) -> SessionDefinition:
        return self._by_key[key]

    @property
    def keys(self) -> tuple[str, ...]:
        """Name and version of each, the default first."""
        return tuple(self._by_key)

    @property
    def default(self) -> SessionDefinition:
        """The one that `events.session_id` follows."""
        return next(iter(self))

    def following(self, states: SessionStates) -> SessionStates:
        """`states` of just these definitions, as their options of today say what columns mean.

        Raises:
            Conflict: as `SessionState.with_columns`.
        """
        return SessionStates(
            {key: states[key].with_columns(one.columns) for key, one in self._by_key.items()}
        )

    def empty(self) -> SessionStates:
        """Before the first event."""
        return SessionStates(
            {key: SessionState.empty(one.columns) for key, one in self._by_key.items()}
        )

    def has_closable(self, states: SessionStates, watermark: int) -> bool:
        """Whether `close` of any definition would write anything."""
        return any(
            has_closable(states[key], one.closed_before(watermark))
            for key, one in self._by_key.items()
        )
