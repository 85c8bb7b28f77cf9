"""From the state's columns to rows of `SESSION_SCHEMA`: where sums become what people read."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.clock import US_PER_MS
from footfall.event import MONEY, UUID16
from footfall.session import SESSION_SCHEMA
from footfall.sessionize.rows.columns import Engagement

_MONEY_MAX: Final = 10**MONEY.precision - 1
"""Largest value a session can show; a larger sum shows this."""


def session_rows(frame: pl.DataFrame, epoch: int, engagement: Engagement) -> pa.Table:
    """The same as `session_table`, ordered by start and id."""
    return session_table(frame.sort("started_at", "session_id"), epoch, engagement)


def session_table(frame: pl.DataFrame, epoch: int, engagement: Engagement) -> pa.Table:
    """Rows of `SESSION_SCHEMA` as those of the state (`StateColumns.shown`) will be, in order."""
    looked_at = (pl.when("has_named").then("engagement_named").otherwise("engagement_other")).alias(
        "engagement_ms"
    )
    duration = pl.col("ended_at") - pl.col("started_at")
    is_engaged = (
        (duration > engagement.after)
        | (pl.col("views") >= engagement.views)
        | (pl.col("engagement_ms") * US_PER_MS > engagement.after)
        | pl.col("has_goal")
    )
    is_alone = engagement.is_bounced_alone
    rows = (
        frame.with_columns(looked_at, revision=pl.col("written_revision") + 1)
        .with_columns(duration_ms=duration // US_PER_MS, is_engaged=is_engaged)
        .with_columns(
            is_bounced=pl.col("interactions") <= 1 if is_alone else ~pl.col("is_engaged"),
            epoch=pl.lit(epoch, pl.Int64),
            interactions=_interactions(frame),
        )
    )
    columns = []
    for field in SESSION_SCHEMA:
        if field.name == "value":
            columns.append(_money(rows))
        else:
            values = rows[field.name].to_arrow(compat_level=pl.CompatLevel.oldest())
            columns.append(values.cast(field.type))
    return pa.Table.from_arrays(columns, schema=SESSION_SCHEMA)


def _interactions(frame: pl.DataFrame) -> pl.Expr:
    """How many there are; -1 where there is no session, for none of its events began one."""
    if "active_mark" not in frame.columns:
        return pl.col("interactions")
    is_none = (pl.col("active_mark") == 0) & (pl.col("active_before") == 0)
    return pl.when(is_none).then(-1).otherwise("interactions")


def to_uuid(session_id: pl.Series) -> pa.Array:
    """Ids as sixteen plain bytes."""
    return session_id.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(UUID16)


def _money(rows: pl.DataFrame) -> pa.Array:
    """Decimals from units and millionths; null for sessions without any value."""
    units = rows["value_units"].to_numpy()
    micros = rows["value_micros"].to_numpy()
    units, micros = units + micros // 10**6, micros % 10**6
    limit = (_MONEY_MAX + 1) // 10**6
    total = np.where(
        units >= limit,
        _MONEY_MAX,
        np.where(units < -limit, -_MONEY_MAX, np.clip(units, -limit, limit) * 10**6 + micros),
    )
    words = np.empty((len(total), 2), np.int64)
    words[:, 0] = np.maximum(total, -_MONEY_MAX)
    words[:, 1] = words[:, 0] >> 63
    exact = pa.Decimal128Array.from_buffers(
        MONEY, len(total), [None, pa.py_buffer(words.tobytes())]
    )
    valid = rows["has_value"].to_numpy()
    none = pa.nulls(len(total), MONEY)
    return pa.compute.if_else(pa.array(valid), exact, none)
