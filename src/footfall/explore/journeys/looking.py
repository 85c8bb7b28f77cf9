"""What a question wants of each row: its filters, looked up by code instead of computed by row.

A filter of one field is a table with one entry for each of the field's values, so a condition costs
a look-up, whatever it says; conditions of several fields are joined row by row, a chunk at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from footfall.explore.compile.blocks import NUMBER
from footfall.explore.journeys.kernels.cache import SEEN
from footfall.explore.journeys.kernels.rows import drop_replaced, look_up
from footfall.explore.journeys.layout import Segment
from footfall.explore.journeys.source import APP, EVENT
from footfall.explore.question.common import Common, Filter, Selector
from footfall.explore.question.fields import SEGMENT, Field, Fields
from footfall.explore.question.reading import kind_of, segment_fields

CHUNK_ROWS: Final = 1 << 17
"""Rows that are looked at together: what they need stays in a processor's cache."""
Flags = NDArray[np.bool_]
_TRUTH: Final = Field("properties", "", "property")
"""As of a property that is true or false, conditions are of these texts."""
_NUMBER: Final = re.compile(NUMBER)
_ALL: Final = np.empty(0, np.bool_)
_EVERYTHING: Final = np.uint32(0xFFFFFFFF)


class Chunk:
    """Some actors of one segment, one after another."""

    def __init__(self, segment: Segment, first: int, last: int, number: int = 0) -> None:
        """From one actor up to another; `number` is the segment's place."""
        self.segment, self.first, self.last, self.number = segment, first, last, number
        self.rows = slice(int(segment.offsets[first]), int(segment.offsets[last]))

    @property
    def live(self) -> NDArray[np.bool_]:
        """Whether the rows of each actor of the segment count; empty: all do."""
        found = self.segment.is_live
        return _ALL if found is None else found

    @property
    def times(self) -> NDArray[Any]:
        """When each row was."""
        found: NDArray[Any] = self.segment.times[self.rows]
        return found

    def codes(self, field: str) -> NDArray[Any]:
        """Each row's code of a field; 0: none."""
        found: NDArray[Any] = self.segment.arrays[field][self.rows]
        return found


Rule = Callable[[Chunk], Flags]
"""Which rows of a chunk a condition holds of."""


def chunks_of(segments: Sequence[Segment], *, has_nobody: bool = False) -> list[Chunk]:
    """All actors of segments; after each one's those rows that are nobody's, if they are wanted."""
    found = []
    for number, segment in enumerate(segments):
        offsets, first = segment.offsets, 0
        last = len(offsets) - 1 if has_nobody else segment.actors
        while first < last:
            end = int(np.searchsorted(offsets, offsets[first] + CHUNK_ROWS, side="right")) - 1
            end = min(max(end, first + 1), last)
            if first < segment.actors:
                end = min(end, segment.actors)
            found.append(Chunk(segment, first, end, number))
            first = end
    return found


class Looking:
    """Looks at rows for one question."""

    def __init__(
        self,
        question: Common,
        selectors: Sequence[Selector],
        columns: Mapping[str, Sequence[str]],
        fields: Fields,
        *,
        is_whole: bool = False,
        inside: Callable[[str, Chunk], Flags] | None = None,
    ) -> None:
        """Make the tables.

        Args:
            question: Any model's.
            selectors: Bit n of a row: the n-th of these means it.
            columns: Values of each field.
            fields: What fields are.
            is_whole: Rows that no selector means have a bit as well, `SEEN`.
            inside: Which rows of a chunk are of somebody in a segment, if filters name some.
        """
        self._columns, self._fields, self._inside = columns, fields, inside
        self._events = self._event_table(question, selectors, is_whole=is_whole)
        self._rules: list[tuple[np.uint32, Rule]] = []
        if question.app:
            is_it = np.array([False, *[one == question.app for one in columns[APP]]])
            if not is_it[1:].all():
                self._rules.append((_EVERYTHING, _table_of(APP, is_it)))
        if question.where is not None:
            self._rules.append((_EVERYTHING, self.rule(question.where)))
        for place, one in enumerate(selectors):
            if one.where is not None:
                self._rules.append((np.uint32(1 << place), self.rule(one.where)))

    def marks(self, chunk: Chunk) -> tuple[NDArray[Any], NDArray[np.uint32] | None]:
        """What each row is, as a code and a table of what codes are, if it is all in its name.

        Else what `bits` says, and no table. Names of 127 events and more have larger codes, for
        which no kernel is compiled.
        """
        codes = chunk.codes(EVENT)
        if self._rules or codes.dtype != np.uint8:
            return self.bits(chunk), None
        return codes, self._events

    def bits(self, chunk: Chunk) -> NDArray[np.uint32]:
        """What each row of a chunk is."""
        codes = chunk.codes(EVENT)
        bits = np.empty(len(codes), np.uint32)
        look_up(codes, self._events, bits)
        for mask, rule in self._rules:
            bits[~rule(chunk)] &= ~mask
        segment = chunk.segment
        if segment.is_live is not None and chunk.first < segment.actors:
            drop_replaced(segment.offsets, chunk.first, chunk.last, segment.is_live, bits)
        return bits

    def _event_table(
        self, question: Common, selectors: Sequence[Selector], *, is_whole: bool
    ) -> NDArray[np.uint32]:
        names = self._columns[EVENT]
        table = np.zeros(2 * (len(names) + 1), np.uint32)
        for code, name in enumerate(names, start=1):
            bits = SEEN if is_whole else np.uint32(0)
            for place, one in enumerate(selectors):
                if one.names is None or name in one.names:
                    bits |= np.uint32(1 << place)
            for is_bot in (False, True):
                if question.bots == "include" or (question.bots == "only") == is_bot:
                    table[2 * code + is_bot] = bits
        return table

    def rule(self, given: Filter) -> Rule:
        """What tells of each row of a chunk whether a filter leaves it."""
        for several, join in ((given.all, np.logical_and), (given.any, np.logical_or)):
            if several is not None:
                return _joined(join, [self.rule(one) for one in several])
        assert given.field is not None
        origin, _, name = given.field.partition(".")
        if origin == SEGMENT:
            return self._segments_rule(given, name)
        field = self._fields.find(given.field)
        assert isinstance(field, Field)
        flags = np.array(
            [holds(given, field, value) for value in (None, *self._columns[given.field])]
        )
        return _table_of(given.field, np.repeat(flags, 2) if given.field == EVENT else flags)

    def _segments_rule(self, given: Filter, name: str) -> Rule:
        """By `segment`, whose values are names, or by `segment.x`, which is true or false."""
        inside = self._inside
        assert inside is not None
        if name:
            means = [holds(given, _TRUTH, one) for one in ("false", "true")]
            table = np.array(means)
            return lambda chunk: table[inside(name, chunk).view(np.uint8)]
        names = [one.partition(".")[2] for one in segment_fields(given)]
        is_out = given.op in ("is_not", "not_in")

        def any_of(chunk: Chunk) -> Flags:
            found: Flags = np.logical_or.reduce([inside(one, chunk) for one in names])
            return ~found if is_out else found

        return any_of


def _table_of(field: str, table: Flags) -> Rule:
    """Looked up by the code of a field."""
    return lambda chunk: table[chunk.codes(field)]


def _joined(join: Any, rules: list[Rule]) -> Rule:
    def rule(chunk: Chunk) -> Flags:
        found: Flags = join.reduce([one(chunk) for one in rules])
        return found

    return rule


def holds(given: Filter, field: Field, value: str | None) -> bool:
    """Whether a condition holds of one value; as `footfall.explore.compile.base.compared` has it.

    The opposites are exact ones, so they hold where there is no value.
    """
    op, wanted = given.op, given.value
    kind = kind_of(field, wanted)
    one: Any = value
    if field.kind == "property" and kind == "boolean":
        wanted = "true" if wanted else "false"
    if kind == "number":
        one = float(value) if value is not None and _NUMBER.match(value) else None
    if op in ("is_set", "is_not_set"):
        return (one is not None) == (op == "is_set")
    is_opposite = op in _OPPOSITES
    if one is None:
        return is_opposite
    return bool(_TESTS[_OPPOSITES.get(op, op)](one, wanted)) != is_opposite


_OPPOSITES: Final = {"is_not": "is", "not_in": "in", "not_contains": "contains"}
_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "is": lambda one, wanted: one == wanted,
    "in": lambda one, wanted: one in wanted,
    "contains": lambda one, wanted: wanted in one,
    "starts_with": lambda one, wanted: one.startswith(wanted),
    "gt": lambda one, wanted: one > wanted,
    "gte": lambda one, wanted: one >= wanted,
    "lt": lambda one, wanted: one < wanted,
    "lte": lambda one, wanted: one <= wanted,
    "between": lambda one, wanted: wanted[0] <= one <= wanted[1],
}
