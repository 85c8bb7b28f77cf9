"""Segments in Python, kept and asked by a studio elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec

from footfall.explore.answer import Member, Members
from footfall.explore.models import MODELS
from footfall.explore.question.common import Common
from footfall.explore.segments.acting import Defined, Form
from footfall.explore.segments.asking import Sized
from footfall.explore.segments.definition import Every, Segment, Unit
from footfall.explore.segments.kept import KeptSegment, Overlap, SegmentChanges, SegmentSize, Which
from footfall.explore.segments.reading import check_name

PAGE: Final = 10_000
"""Members asked for at a time."""
_ROOT: Final = "/api/segments"


class _Listed(msgspec.Struct):
    segment: KeptSegment


class _Listing(msgspec.Struct):
    segments: tuple[_Listed, ...]


class _Shown(msgspec.Struct):
    segment: KeptSegment
    sizes: tuple[SegmentSize, ...]


class RemoteSegments:
    """As `footfall.explore.segments.access.HomeSegments`, over HTTP."""

    def __init__(self, ask: Callable[[str, str, Any, Any], Any]) -> None:
        """`ask` sends method, target and body, and reads an answer of a type."""
        self._ask = ask

    def list(self) -> tuple[KeptSegment, ...]:  # noqa: D102 (as in SegmentAccess)
        found: _Listing = self._ask("GET", _ROOT, None, _Listing)
        return tuple(one.segment for one in found.segments)

    def get(self, name: str) -> KeptSegment:  # noqa: D102
        return self._shown(name).segment

    def sizes(self, name: str) -> tuple[SegmentSize, ...]:  # noqa: D102
        return self._shown(name).sizes

    def drop(self, name: str) -> None:  # noqa: D102
        self._ask("DELETE", _at(name), None, dict)

    def refresh(self, name: str) -> SegmentSize:  # noqa: D102
        found: SegmentSize = self._ask("POST", f"{_at(name)}/refresh", {}, SegmentSize)
        return found

    def preview(self, given: Segment, at: str | None) -> Sized:  # noqa: D102
        body = {"definition": given, "at": at}
        found: Sized = self._ask("POST", f"{_ROOT}/preview", body, Sized)
        return found

    def members(self, name: str, at: str | None) -> Members:  # noqa: D102
        return self._pages(f"{_at(name)}/members", {"at": at})

    def overlap(self, names: Sequence[str], at: str | None) -> Overlap:  # noqa: D102
        body = {"names": names, "at": at}
        found: Overlap = self._ask("POST", f"{_ROOT}/overlap", body, Overlap)
        return found

    def region(  # noqa: D102
        self, names: Sequence[str], inside: Sequence[bool], at: str | None
    ) -> Members:
        body = {"names": names, "inside": inside, "at": at}
        return self._pages(f"{_ROOT}/overlap/members", body)

    def changes(  # noqa: D102
        self, name: str, since: int | None, until: int | None
    ) -> SegmentChanges:
        body = {"since": since, "until": until}
        found: SegmentChanges = self._ask("POST", f"{_at(name)}/changes", body, SegmentChanges)
        return found

    def changed(  # noqa: D102
        self, name: str, which: Which, since: int | None, until: int | None
    ) -> Members:
        body = {"which": which, "since": since, "until": until}
        return self._pages(f"{_at(name)}/changes/members", body)

    def define(  # noqa: D102
        self,
        name: str,
        given: Segment,
        title: str | None,
        every: Every | None,
        version: int | None,
    ) -> Defined:
        body = {"definition": given, "title": title, "every": every, "version": version}
        return self._defined("PUT", _at(name), body)

    def save(  # noqa: D102
        self, name: str, question: Common, cell: str, form: Form, title: str | None
    ) -> Defined:
        model = MODELS[type(question)].name
        asked = {"model": model, "question": question, "cell": cell}
        return self._defined("POST", f"{_at(name)}/save", {**asked, "form": form, "title": title})

    def import_ids(  # noqa: D102
        self, name: str, ids: Sequence[str], unit: Unit, app: str, title: str | None
    ) -> Defined:
        body = {"ids": ids, "unit": unit, "app": app, "title": title}
        return self._defined("PUT", f"{_at(name)}/list", body)

    def _defined(self, method: str, target: str, body: Any) -> Defined:
        found: Defined = self._ask(method, target, body, Defined)
        return found

    def _shown(self, name: str) -> _Shown:
        found: _Shown = self._ask("GET", _at(name), None, _Shown)
        return found

    def _pages(self, target: str, body: dict[str, Any]) -> Members:
        listed: list[Member] = []
        after = None
        while True:
            page: Members = self._ask(
                "POST", target, {**body, "after": after, "limit": PAGE}, Members
            )
            listed += page.members
            after = page.next
            if after is None:
                return msgspec.structs.replace(page, members=tuple(listed))


def _at(name: str) -> str:
    return f"{_ROOT}/{quote(check_name(name), safe='')}"
