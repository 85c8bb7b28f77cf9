"""Rows of a cut for the index, read as the models' own statements read them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from footfall.errors import Invalid
from footfall.explore.compile.base import Base
from footfall.explore.compile.blocks import as_text, col
from footfall.explore.journeys.layout import Seen, WhoseRows
from footfall.explore.question import EventsQuestion, Selector, Series
from footfall.explore.question.fields import known_fields
from footfall.explore.question.ranges import Calendar, Span
from footfall.explore.question.reading import Scene
from footfall.lake.cut import Cut
from footfall.query.engine import Engine

_ALWAYS: Final = Span(0, 7_000_000_000_000_000)
EVENT, APP, BOT, EPOCH = "event_name", "app_id", "is_bot", "epoch"
PRINTS: Final = 256
"""Buckets of actors whose rows are told to be as they were, or not."""

NOBODY: Final = -1
"""The bucket of rows that have no visitor."""
Prints = dict[int, tuple[int, str]]
"""Bucket -> how many rows it has, and a sum over them."""


class PartOf(msgspec.Struct, frozen=True):
    """Which rows."""

    up_to: int | None = None
    """Of epochs up to this one."""
    after: int | None = None
    """All rows of those actors who have one of a later epoch."""
    changed: tuple[int, ...] = ()
    """And of those in these of `PRINTS` buckets."""
    is_nobody: bool = False
    """Rows that have no such actor; with `after`, those of later epochs."""


def seen_of(cut: Cut) -> Seen:
    """What of a cut says which rows its events have."""
    of_sessions = [
        name for one in cut.sessions.values() for name in (*one.hot, *one.kept, one.shown or "")
    ]
    marks = (
        cut.plans.get("events", ""),
        *cut.tail.get("events", ()),
        cut.overrides or "",
        cut.removed or "",
        cut.names,
        str(cut.user_gap),
        cut.plans.get("sessions", ""),
        *of_sessions,
    )
    return Seen(cut.sequence, cut.published_at, cut.epoch, marks)


class Source:
    """Rows of one cut, while it is held."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, cut: Cut, fields: Sequence[str]
    ) -> None:
        """Read nothing yet; `fields` as a question names them."""
        demand_texts(fields)
        self.seen = seen_of(cut)
        fields = [one for one in fields if one not in (EVENT, APP)]
        self.fields = tuple(fields)
        self._connection = connection
        question = EventsQuestion(series=(Series(),), bots="include")
        scene = Scene(Calendar(ZoneInfo("UTC")), _ALWAYS, known_fields())
        self._base = Base(question, scene, (BOT, EPOCH, *fields))
        self._all = self._base.events((Selector(),), _ALWAYS.start, _ALWAYS.end, is_whole=True)

    def all_rows(self) -> int:
        """How many events there are."""
        return int(self._fetch("SELECT count(*) FROM events").column(0)[0].as_py())

    def values(self, fields: Sequence[str], most: int) -> dict[str, list[str] | None]:
        """Different values of each field, in order; `None` if there are more than `most`.

        One statement for all: each reads every event.
        """
        names = [f"x{place}" for place in range(len(fields))]
        several = zip(fields, names, strict=True)
        texts = [exp.alias_(as_text(self._value(one)), name) for one, name in several]
        rows = exp.select(*texts).from_(self._rows()).sql("duckdb")
        sets, listed = ", ".join(f"({name})" for name in names), ", ".join(names)
        found = self._fetch(
            f"SELECT g, x FROM (SELECT grouping({listed}) AS g, coalesce({listed}) AS x"  # noqa: S608 (our own names)
            f" FROM ({rows}) GROUP BY GROUPING SETS ({sets})) WHERE x IS NOT NULL"
            f" QUALIFY row_number() OVER (PARTITION BY g) <= {most + 1}"
        )
        of, values = found.column("g").to_numpy(), found.column("x")
        everything = (1 << len(fields)) - 1
        made: dict[str, list[str] | None] = {}
        for place, field in enumerate(fields):
            mark = everything ^ (1 << (len(fields) - 1 - place))
            mine = values.filter(pa.array(of == mark)).to_pylist()
            made[field] = None if len(mine) > most else sorted(mine)
        return made

    def read(self, per: WhoseRows, part: PartOf, *, bucket: int = 0, buckets: int = 1) -> pa.Table:
        """Rows of those actors of a part whose name falls into a bucket, in no order."""
        who = self._base.entity(per)
        shown = [
            exp.alias_(who, "a"),
            col("t"),
            exp.alias_(exp.UnixMicros(this=col("received_at")), "received"),
            exp.alias_(exp.cast(col("request_id"), "blob"), "request_id"),
            col("request_index"),
            exp.alias_(col("n"), EVENT),
            col(APP),
            exp.alias_(self._base.value(BOT), BOT),
            *[exp.alias_(as_text(self._value(one)), one) for one in self.fields],
        ]
        kept = self._of_part(per, part)
        if buckets > 1:
            key = exp.cast(col("request_id"), "varchar") if part.is_nobody else who
            kept.append(_in_bucket(key, [bucket], buckets))
        return self._run(exp.select(*shown).from_(self._rows()).where(*kept))

    def count(self, per: WhoseRows, part: PartOf) -> int:
        """How many rows a part has."""
        found = exp.select(exp.Count(this=exp.Star())).from_(self._rows())
        return int(self._run(found.where(*self._of_part(per, part))).column(0)[0].as_py())

    def has_newer(self, epoch: int) -> bool:
        """Whether any row is of a later epoch."""
        one = exp.select(exp.Literal.number(1)).from_("events").limit(1)
        newer = exp.GT(this=col(EPOCH), expression=exp.Literal.number(epoch))
        return bool(self._run(one.where(newer)).num_rows)

    def prints(self, per: WhoseRows, up_to: int) -> Prints:
        """For each of `PRINTS` buckets how many rows it has, and a sum over all that is in them.

        Equal sums are equal rows: of 128 bits, of everything that the index has of a row. Rows of
        nobody are in the bucket `NOBODY`, of visitors.
        """
        who = self._base.entity(per)
        columns = [who, col("t"), col("received_at"), col("request_id"), col("request_index")]
        columns += [col("n"), col(APP), self._base.value(BOT), *map(self._value, self.fields)]
        one = exp.Anonymous(this="HASH", expressions=[column.copy() for column in columns])
        other = exp.Anonymous(
            this="HASH", expressions=[exp.Literal.string("2"), *[c.copy() for c in columns]]
        )
        place = exp.Mod(this=_hash(who.copy()), expression=exp.Literal.number(PRINTS))
        kept: list[exp.Expr] = [
            exp.LTE(this=self._base.value(EPOCH), expression=exp.Literal.number(up_to))
        ]
        if per != "visitor":
            kept.append(exp.Not(this=_is_null(who)))
        of_nobody = exp.If(this=_is_null(who), true=exp.Literal.number(NOBODY))
        bucket = exp.Case(ifs=[of_nobody], default=exp.cast(place, "int"))
        found = (
            exp.select(
                exp.alias_(bucket, "b"),
                exp.alias_(exp.Count(this=exp.Star()), "n"),
                *[
                    exp.cast(exp.Sum(this=each), "varchar").as_(f"h{n}")
                    for n, each in enumerate((one, other))
                ],
            )
            .from_(self._rows())
            .where(*kept)
            .group_by(exp.Literal.number(1))
        )
        rows = self._run(found).to_pylist()
        return {row["b"]: (row["n"], f"{row['h0']} {row['h1']}") for row in rows}

    def actors_in(
        self, names: pa.ChunkedArray, changed: Sequence[int], replaced: pa.ChunkedArray
    ) -> NDArray[Any]:
        """Places of those `names` that are among `replaced`, or in a bucket that changed."""
        self._connection.register(
            "_names", pa.table({"a": names, "i": pa.array(range(len(names)))})
        )
        self._connection.register("_replaced", pa.table({"a": replaced}))
        buckets = ", ".join(map(str, changed)) or "-2"
        try:
            found = self._fetch(
                "SELECT i FROM _names WHERE a IN (FROM _replaced)"  # noqa: S608 (our own numbers)
                f" OR hash(a) % {PRINTS} IN ({buckets}) ORDER BY i"
            )
        finally:
            self._connection.unregister("_names")
            self._connection.unregister("_replaced")
        places: NDArray[Any] = found.column(0).to_numpy()
        return places

    def _of_part(self, per: WhoseRows, part: PartOf) -> list[exp.Expr]:
        who, epoch = self._base.entity(per), self._base.value(EPOCH)
        kept: list[exp.Expr] = [_is_null(who) if part.is_nobody else exp.Not(this=_is_null(who))]
        if part.up_to is not None:
            kept.append(exp.LTE(this=epoch, expression=exp.Literal.number(part.up_to)))
        if part.after is None:
            return kept
        newer = exp.GT(this=epoch, expression=exp.Literal.number(part.after))
        if part.is_nobody:
            return [*kept, newer]
        active = exp.select(self._base.entity(per)).from_(self._rows()).where(newer)
        is_active: exp.Expr = exp.In(this=who.copy(), query=exp.Subquery(this=active))
        if part.changed:
            is_active = exp.or_(is_active, _in_bucket(who, part.changed, PRINTS))
        return [*kept, is_active]

    def _value(self, field: str) -> exp.Expr:
        return (
            col({EVENT: "n", APP: APP}[field]) if field in (EVENT, APP) else self._base.value(field)
        )

    def _rows(self) -> exp.Expr:
        return exp.alias_(self._all.subquery(), "r")

    def _run(self, tree: exp.Select) -> pa.Table:
        return self._fetch(tree.sql("duckdb"))

    def _fetch(self, text: str) -> pa.Table:
        named = {name: v for name, v in self._base.values.by_name.items() if f"${name}" in text}
        return self._connection.sql(text, params=named or None).to_arrow_table()


@contextlib.contextmanager
def opened(engine: Engine, fields: Sequence[str]) -> Iterator[Source]:
    """Rows of the newest cut, held while the block runs.

    Raises:
        FootfallError: as `Engine.trusted`.
    """
    with engine.trusted() as (connection, cut):
        yield Source(connection, cut, fields)


def demand_texts(fields: Sequence[str]) -> None:
    """Refuse fields that no index can have.

    Raises:
        Invalid: one is unknown, or no text; or changes without its event, as a session's status.
    """
    known = known_fields()
    for name in fields:
        found = known.find(name)
        if isinstance(found, str):
            raise Invalid(f"index.fields: {found}")
        if found.kind not in ("text", "property") or name == "session.status":
            raise Invalid(f"index.fields: {name} is no text that stays; take it out")


def _is_null(one: exp.Expr) -> exp.Expr:
    return exp.Is(this=one.copy(), expression=exp.null())


def _hash(one: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="HASH", expressions=[one])


def _in_bucket(key: exp.Expr, wanted: Sequence[int], buckets: int) -> exp.Expr:
    place = exp.Mod(this=_hash(key.copy()), expression=exp.Literal.number(buckets))
    return exp.In(this=place, expressions=[exp.Literal.number(one) for one in wanted])


def halves(ids: pa.ChunkedArray) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ids of sixteen bytes as two numbers each, which compare as the bytes do."""
    parts = [
        np.frombuffer(chunk.buffers()[1], ">u8", 2 * len(chunk), 16 * chunk.offset)
        for chunk in ids.cast(pa.binary(16)).chunks
        if len(chunk)
    ]
    both = np.concatenate(parts) if parts else np.empty(0, ">u8")
    pairs = both.reshape(-1, 2)
    return pairs[:, 0].astype(np.uint64), pairs[:, 1].astype(np.uint64)
