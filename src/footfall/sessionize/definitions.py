"""The definitions of a project: which there are, and the state of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from footfall.errors import Invalid
from footfall.sessionize.definition import SessionDefinition, key_of
from footfall.sessionize.gap import GAP_COLUMNS, VERSION, GapDefinition
from footfall.sessionize.rows.columns import StateColumns
from footfall.sessionize.rows.hot import has_closable
from footfall.sessionize.rows.state import SessionState
from footfall.settings import SessionSettings

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,29}")


class DefinitionKind(msgspec.Struct, frozen=True):
    """A definition as the registry has it, before any settings."""

    version: int
    columns: StateColumns
    make: Callable[[SessionSettings], SessionDefinition]


DEFINITIONS: Final[dict[str, DefinitionKind]] = {
    "gap": DefinitionKind(VERSION, GAP_COLUMNS, GapDefinition.of),
}
"""Every definition that `sessions.definitions` may name."""


def columns_of(key: str) -> StateColumns | None:
    """Columns of a state by the key of its definition; none if this version does not have it."""
    name, _, version = key.rpartition(".")
    kind = DEFINITIONS.get(name)
    return kind.columns if kind is not None and version == str(kind.version) else None


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
        """Those that `sessions.definitions` names.

        Raises:
            Invalid: it names none, one twice, or one that there is not.
        """
        names = settings.definitions
        wrong = [name for name in names if name not in DEFINITIONS or not _NAME.fullmatch(name)]
        if wrong or not names or len(set(names)) < len(names):
            raise Invalid(
                "sessions.definitions must name one or more session definitions, each once:"
                f" known={', '.join(sorted(DEFINITIONS))} given={', '.join(names) or 'none'}"
            )
        return cls(DEFINITIONS[name].make(settings) for name in names)

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
