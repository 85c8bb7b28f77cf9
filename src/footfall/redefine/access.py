"""Session definitions in Python: `footfall.open(home).sessions.define("quick", gap="5m")`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from footfall.home import Home
from footfall.metadata import Metadata
from footfall.query.access import Lake, Relation
from footfall.redefine.defining import define, drop, listed, switch
from footfall.redefine.diff import PAGES_MAX, Difference, comparing
from footfall.redefine.listing import Listed
from footfall.settings import SessionSettings, load_settings


class Sessions(Relation):
    """The view `sessions`, and the definitions behind it."""

    def __init__(self, lake: Lake, home: Home, project: str) -> None:
        """Of a project."""
        super().__init__(lake, "sessions")
        self._home = home
        self._project = project

    def define(self, name: str, *, kind: str = "gap", **options: Any) -> Listed:
        """Add a definition, which is computed over all history; `list` says how far it is.

        Args:
            name: Its view is `sessions_<name>`.
            kind: `gap`, `step`, `day` or `client`.
            options: As in a table of `[sessions.definitions]`, such as `gap="5m"`.

        Raises:
            Invalid: what is wrong with it, and what is valid.
            Conflict: one of this name is there.
        """
        with self._opened() as (metadata, settings):
            define(metadata, settings, self._project, name, {"kind": kind, **options})
        return next(one for one in self.list() if one.name == name)

    def list(self) -> list[Listed]:
        """All definitions and how far each is, the stored default first."""
        with self._opened() as (metadata, settings):
            return listed(metadata, settings, self._project)

    def diff(self, a: str, b: str, samples: int = PAGES_MAX) -> Difference:
        """How the numbers move from `a` to `b`, and visitors whose sessions differ.

        Raises:
            Invalid: there is none of such a name, or nothing of it is shown yet.
        """
        asking = comparing(self._lake.definitions(), a, b, samples)
        try:
            question = next(asking)
            while True:
                table = self._lake.sql(question.sql, *question.values).arrow()
                columns = [column.to_pylist() for column in table.columns]
                question = asking.send(list(zip(*columns, strict=True)))
        except StopIteration as end:
            found: Difference = end.value
            return found

    def switch(self, name: str) -> None:
        """Let `events.session_id` and `sessions` follow this definition, within a second or two.

        Raises:
            Invalid: there is none of this name, or its key is not the visitor.
            Conflict: its past is not whole yet.
        """
        with self._opened() as (metadata, settings):
            switch(metadata, settings, self._project, name)

    def drop(self, name: str) -> None:
        """Place no more events in its sessions; its view goes.

        Raises:
            Invalid: none that was added has this name.
            Conflict: it is the default; switch first.
        """
        with self._opened() as (metadata, _):
            drop(metadata, self._project, name)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Metadata, SessionSettings]]:
        settings = load_settings(self._home.settings_file)
        metadata = Metadata.open(self._home, settings=settings.metadata)
        with contextlib.closing(metadata):
            yield metadata, settings.sessions
