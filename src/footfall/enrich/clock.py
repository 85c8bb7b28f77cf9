"""When an event happened, if the device's clock is wrong.

The device says when it made the event (`created_at`) and when it sent it (`sent_at`), both by its
own clock; only the collector's `received_at` is trusted. Sending is taken to cost no time, so
`received_at` − `sent_at` is how far the device's clock is off. See docs/concepts/time.md.

    rule      when                                            event_time
    received  no created_at                                   received_at
    device    clock off by at most `skew_max`, not future     created_at
    shifted   clock off by more, or created_at is future      created_at + (received_at − sent_at)
    clamped   still later than received_at                    received_at

A correction that makes a fresh event older than `event_age_max` explains nothing (the sending time
is absurd), and is not made.

Source: Clickstream Analytics on AWS, `ClickstreamEventParser`; with the collector's time in place
of the batch job's, so that a repeated run gives the same times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.clock import DAY, US_PER_MS
from footfall.decode import failures_table
from footfall.enrich.columns import column, with_columns
from footfall.enrich.failures import refused
from footfall.event import TIMESTAMP, FailureReason
from footfall.settings import ClockSettings

_RULES: Final = ("received", "device", "shifted", "clamped")
_RECEIVED, _DEVICE, _SHIFTED, _CLAMPED = range(4)
_LOG_ORDER: Final = [("log_offset", "ascending"), ("request_index", "ascending")]
_YEAR_1_US: Final = -62_135_596_800_000_000
"""Nothing is earlier: two absurd times together must still make one that can be printed."""


class Corrected(msgspec.Struct, frozen=True):
    """Events with their time, and those that are too old."""

    events: pa.Table
    failures: pa.Table


def correct_clock(
    events: pa.Table, settings: ClockSettings, trusted: Sequence[int] = ()
) -> Corrected:
    """Add `event_time`, `event_time_rule` and `clock_offset_ms`; take out what is too old.

    `event_time` is never after `received_at`. `clock_offset_ms` is what was added to `created_at`
    (rounded down to milliseconds): 0 by the rule `device`, null by `received`. `created_at` and
    `sent_at` stay as sent.

    With `skew_max` of 10 min and receipt at 12:00:00:

        created   sent      rule     event_time  why
        11:59:58  11:59:59  device   11:59:58    1 s is the way through the network
        11:00:00  11:59:59  device   11:00:00    waited an hour in the browser
        09:59:00  10:00:00  shifted  11:59:00    the clock is 2 h slow
        12:09:00  12:09:30  shifted  11:59:30    future, so the clock is 9:30 fast
        12:09:00  12:00:00  clamped  12:00:00    future, and the sending time explains nothing
        11:59:59  year 9999 device   11:59:59    it would have happened some 8,000 years ago

    Args:
        events: With `created_at`, `sent_at`, `received_at`, and `log_offset` if any is trusted.
        settings: `skew_max`; an event older than `event_age_max` when it was received is a failure
            with the reason TOO_OLD.
        trusted: Offsets of requests sent with a server key: `event_age_trusted_max` is their bound.
    """
    created, has_created = _microseconds(events, "created_at")
    sent, has_sent = _microseconds(events, "sent_at")
    received, _ = _microseconds(events, "received_at")

    offset = received - sent
    is_future = created > received
    is_shifted = has_created & has_sent & (is_future | (np.abs(offset) > settings.skew_max))
    oldest = received - settings.event_age_max
    is_shifted &= (created < oldest) | (created + offset >= oldest)
    time = np.where(has_created, created, received)
    time = np.where(is_shifted, created + offset, time)
    is_clamped = time > received
    time = np.where(is_clamped, received, time)
    time = np.maximum(time, _YEAR_1_US)

    rule = np.full(len(time), _DEVICE, dtype=np.int32)
    rule[is_shifted] = _SHIFTED
    rule[is_clamped] = _CLAMPED
    rule[~has_created] = _RECEIVED
    corrected = with_columns(
        events,
        {
            "event_time": pa.array(time).cast(TIMESTAMP),
            "event_time_rule": pa.array(_RULES).take(pa.array(rule)),
            "clock_offset_ms": pa.array((time - created) // US_PER_MS, mask=~has_created),
        },
    )
    is_too_old = received - time > settings.event_age_max
    if not is_too_old.any():
        return Corrected(corrected, failures_table([]))
    is_trusted = _is_trusted(events, trusted)
    is_too_old &= ~is_trusted | (received - time > settings.event_age_trusted_max)
    failures = [
        _too_old(corrected.filter(pa.array(is_too_old & is_theirs)), name, age)
        for is_theirs, name, age in (
            (~is_trusted, "event_age_max", settings.event_age_max),
            (is_trusted, "event_age_trusted_max", settings.event_age_trusted_max),
        )
    ]
    in_order = pa.concat_tables(failures).sort_by(_LOG_ORDER)
    return Corrected(corrected.filter(pa.array(~is_too_old)), in_order)


def _is_trusted(
    events: pa.Table, trusted: Sequence[int]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if not trusted:
        return np.zeros(events.num_rows, np.bool_)
    return np.isin(events.column("log_offset").to_numpy(), np.asarray(trusted))


def _microseconds(
    events: pa.Table, name: str
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """A column's values (0 for null), and where it has one."""
    values = column(events, name).cast(pa.int64())
    return (
        pc.fill_null(values, 0).to_numpy(zero_copy_only=False),
        pc.is_valid(values).to_numpy(zero_copy_only=False),
    )


def _too_old(events: pa.Table, setting: str, age_max: int) -> pa.Table:
    message = f"event is older than clock.{setting}: days={age_max // DAY}"
    return refused(events, FailureReason.TOO_OLD, message, "$.created_at")
