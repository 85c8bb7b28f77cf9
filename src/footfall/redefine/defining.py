"""Definitions of a project as people see them: add one, drop one, list them, switch the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from footfall.errors import Conflict, Invalid
from footfall.metadata.added.definition_notes import DefinitionNote, with_notes
from footfall.redefine.listing import VISITOR, Listed, key_columns, listing
from footfall.settings import SessionSettings, another_definition

if TYPE_CHECKING:
    from footfall.metadata import Metadata


def define(
    metadata: Metadata,
    sessions: SessionSettings,
    project: str,
    name: str,
    options: Mapping[str, Any],
) -> DefinitionNote:
    """Add a definition; the pipeline begins with it when its next epoch ends.

    Args:
        metadata: Notes it.
        sessions: The settings; what the options leave out is taken from them, now and for ever.
        project: Whose.
        name: A new one; its view is `sessions_<name>`.
        options: As in a table of `[sessions.definitions]`, without `version`.

    Raises:
        Invalid: what is wrong with it, and what is valid.
        Conflict: one of this name is there.
    """
    if "version" in options:
        raise Invalid("session definition: version is counted by itself; leave it out")
    known = metadata.definitions.all(project)
    if any(note.name == name and note.options is not None for note in known):
        raise Conflict(
            "a definition of this name is there; give the new one another, compare both, switch,"
            f" and drop what is not needed: {name=}"
        )
    one = another_definition(name, options, with_notes(sessions, known))
    text = msgspec.json.encode(one).decode()
    return metadata.definitions.define(project, name, text)


def drop(metadata: Metadata, project: str, name: str) -> None:
    """Place no more events in its sessions; its view goes, and its rows stay in the lake.

    Raises:
        Invalid: none that was added has this name.
        Conflict: it is the default; switch first.
    """
    metadata.definitions.drop(project, name)


def listed(metadata: Metadata, sessions: SessionSettings, project: str) -> list[Listed]:
    """All definitions, the stored default first."""
    notes = metadata.definitions.all(project)
    return listing(sessions, notes, metadata.definitions.shown(project))


def switch(metadata: Metadata, sessions: SessionSettings, project: str, name: str) -> None:
    """Let `events.session_id` and the view `sessions` follow this definition, at every read.

    Raises:
        Invalid: there is none of this name, or its key is not the visitor.
        Conflict: its past is not whole yet.
    """
    notes = metadata.definitions.all(project)
    settings = with_notes(sessions, notes)
    one = settings.named.get(name)
    if one is None:
        raise Invalid(f"no definition {name!r}; there are: {', '.join(settings.named)}")
    if one.kind == "client" or key_columns(one) != (VISITOR,):
        raise Invalid(
            "events name the default's sessions, so its key must be visitor_id; define one with it:"
            f" definition={name} key={', '.join(one.key) or 'of the SDK'}"
        )
    mine = [note for note in notes if (note.name, note.version) == (name, one.version)]
    is_added = name not in sessions.named
    if any(note.is_filling or (is_added and note.from_epoch is None) for note in mine):
        raise Conflict(
            "its past is not computed yet; `footfall sessions list` shows how far it is:"
            f" definition={name}"
        )
    metadata.definitions.show(project, name)
