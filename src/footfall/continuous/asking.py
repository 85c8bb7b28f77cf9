"""Asking a query of its windows, by query workers: bounded in time, memory and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from footfall.continuous.statement import (
    WINDOW_COLUMNS,
    Statement,
    WindowRef,
    of_sessions,
    of_time,
)
from footfall.continuous.stored import Answered
from footfall.errors import FootfallError
from footfall.metadata.added.queries import ContinuousQuery
from footfall.query import Answer, QueryPool
from footfall.settings import QueryDefinition, Window

Due = Sequence[tuple[WindowRef, int]]
"""Windows, with the last epoch that changed each."""
_HIDDEN: Final = len(WINDOW_COLUMNS)
_TOGETHER: Final = 10
"""Sessions asked together may have so many times the rows of one."""
TIME_WINDOWS_MAX: Final = 100
"""Ranges of time that one run asks of a query: a statement each."""


class Asked(msgspec.Struct):
    """What became of one query's windows in one run."""

    query: ContinuousQuery
    done: list[tuple[WindowRef, int]] = msgspec.field(default_factory=list)
    answers: list[Answered] = msgspec.field(default_factory=list)
    columns: tuple[tuple[str, str], ...] = ()
    error: FootfallError | None = None
    """Why the windows after these were not asked."""


async def ask(
    pool: QueryPool, query: ContinuousQuery, due: Due, rows_max: int, default: str
) -> Asked:
    """Ask one query of its windows, until one fails; raises nothing of the statement's."""
    asked = Asked(query)
    try:
        if Window.of(query.definition.window).session:
            await _ask_sessions(pool, asked, due, rows_max, default)
        else:
            for window, epoch in due[:TIME_WINDOWS_MAX]:
                await _ask_time(pool, asked, (window, epoch), rows_max)
    except FootfallError as error:
        asked.error = error
    return asked


async def _ask_time(
    pool: QueryPool, asked: Asked, due: tuple[WindowRef, int], rows_max: int
) -> None:
    statement = of_time(asked.query.definition, due[0])
    answer = await _run(pool, statement, rows_max)
    names = _names(answer)
    rows = msgspec.json.decode(answer.body, type=list[list[msgspec.Raw]])
    found = tuple(_object(names, row) for row in rows)
    asked.answers.append(Answered(due[0], found, answer.is_cut_off))
    asked.done.append(due)
    asked.columns = _columns(answer)


async def _ask_sessions(
    pool: QueryPool, asked: Asked, due: Due, rows_max: int, default: str
) -> None:
    """Together; in halves if their rows together are more than one answer may have."""
    there = [(window, epoch) for window, epoch in due if window.start]
    gone = [(window, epoch) for window, epoch in due if not window.start]
    pending: list[Due] = [there] if there else []
    while pending:
        part = pending.pop()
        windows = [window for window, _ in part]
        statement = of_sessions(asked.query.definition, windows, default)
        answer = await _run(pool, statement, rows_max * min(len(part), _TOGETHER))
        if answer.is_cut_off and len(part) > 1:
            half = len(part) // 2
            pending += [part[half:], part[:half]]
            continue
        asked.answers += _by_session(answer, windows)
        asked.done += part
        asked.columns = _columns(answer)[_HIDDEN:]
    asked.answers += [Answered(window, ()) for window, _ in gone]
    asked.done += gone


def _by_session(answer: Answer, windows: Sequence[WindowRef]) -> list[Answered]:
    names = _names(answer)[_HIDDEN:]
    found: dict[str, list[msgspec.Raw]] = {window.id: [] for window in windows}
    for row in msgspec.json.decode(answer.body, type=list[list[msgspec.Raw]]):
        key = msgspec.json.decode(row[0], type=str)
        found[key].append(_object(names, row[_HIDDEN:]))
    return [Answered(one, tuple(found[one.id]), answer.is_cut_off) for one in windows]


async def _run(pool: QueryPool, statement: Statement, rows_max: int) -> Answer:
    values: Mapping[str, Any] = statement.values
    return await pool.run(statement.sql, values, format="rows", rows_max=rows_max)


def _names(answer: Answer) -> list[bytes]:
    return [msgspec.json.encode(column.name) for column in answer.columns]


def _columns(answer: Answer) -> tuple[tuple[str, str], ...]:
    return tuple((column.name, column.type) for column in answer.columns)


def _object(names: Sequence[bytes], values: Sequence[msgspec.Raw]) -> msgspec.Raw:
    """The values as they were written, so that two answers with equal values are equal bytes."""
    pairs = (name + b":" + bytes(value) for name, value in zip(names, values, strict=True))
    return msgspec.Raw(b"{" + b",".join(pairs) + b"}")


def unknown_keys(definition: QueryDefinition, columns: Sequence[tuple[str, str]]) -> list[str]:
    """Key columns that the answer does not have."""
    names = {name for name, _ in columns}
    return [name for name in definition.key if name not in names]
