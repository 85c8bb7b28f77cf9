"""Packed rows say what they were made of, and are small; files and notes give the state back."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.clock import DAY, HOUR, MINUTE
from footfall.sessionize import SessionState, files_of, in_files, restore, save
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition
from footfall.sessionize.rows import state as state_module
from footfall.sessionize.rows import stored as stored_module
from footfall.sessionize.rows.columns import GROUPS, OVERLAID
from footfall.sessionize.rows.packed import Packed, pack
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.scale import scaled
from tests.sessionize.world import MemoryStore

DEFINITION = GapDefinition(30 * MINUTE, 24 * HOUR, 100_000, HOUR)
BYTES_MAX = 300
"""A session in memory; one in a file is some of these in memory, and the rest are the file's."""
BYTES_BESIDE_FILES_MAX = 16

NUMBERS = st.one_of(
    st.sampled_from((-(2**63), -1, 0, 1, 2**63 - 1)),
    st.integers(0, 3),
    st.integers(-(2**63), 2**63 - 1),
)
TIMES = st.one_of(st.integers(NOON_US, NOON_US + 5), st.integers(NOON_US - 400 * DAY, NOON_US))
TEXTS = st.one_of(st.none(), st.sampled_from(("", "a", "ü")), st.text(max_size=3))
SOME_TIES = (bytes(28), b"\xff" * 28, b"t" * 28)
TIES = st.one_of(st.none(), st.sampled_from(SOME_TIES))


VALUES = {
    **{
        name: {pl.Binary: TIES, pl.String: TEXTS, pl.Boolean: st.booleans()}.get(kind, NUMBERS)
        for name, kind in GAP_COLUMNS.schema.items()
    },
    **{group.time_column: st.one_of(st.just(group.no_time), TIMES) for group in GROUPS},
    **dict.fromkeys(("app_id", "visitor_id"), st.sampled_from(("a", "bc"))),
    **dict.fromkeys(("first_tie", "last_tie"), st.sampled_from(SOME_TIES)),
    **dict.fromkeys(("started_at", "ended_at", "chain_start"), TIMES),
    "session_id": st.binary(min_size=16, max_size=16),
    "session_number": st.one_of(st.none(), NUMBERS),
}
"""What each column may hold."""


@settings(
    max_examples=scaled(25, 1_000),
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
@given(st.data(), st.integers(1, 5))
def test_packed_rows_are_what_they_were(data, rows):
    """Every value, null and extreme, of all rows and of some in any order, also through bytes."""
    frame = pl.DataFrame(
        {
            name: pl.Series(
                name,
                data.draw(
                    st.one_of(
                        VALUES[name].map(lambda value: [value] * rows),
                        st.lists(VALUES[name], min_size=rows, max_size=rows),
                    )
                ),
                GAP_COLUMNS.schema[name],
            )
            for name in GAP_COLUMNS.packed
        }
    )
    packed = pack(rows, frame.get_column, GAP_COLUMNS)
    again = Packed.from_bytes(packed.to_bytes(), "file", GAP_COLUMNS)
    some = np.array(data.draw(st.lists(st.integers(0, rows - 1), max_size=6)), np.int64)
    for index in (np.arange(rows), some):
        for one in (packed, again):
            taken = pl.DataFrame([one.series(name, index) for name in GAP_COLUMNS.packed])
            assert frame[index].equals(taken)
            assert frame.schema == taken.schema
    for name in ("started_at", "ended_at", "pending_since"):
        assert frame[name].to_list() == packed.numbers(name).tolist()
    assert (frame["ended_at"].min(), frame["ended_at"].max()) == packed.ended


def shop(visitors, definition=DEFINITION):
    """A state of new visitors with all that a page view usually has, who came within an hour."""
    random = np.random.default_rng(3)
    times = NOON_US + np.sort(random.integers(0, HOUR, visitors))
    events = event_table(
        {
            "visitor_id": f"0f0e5c1e-7d4a-4b1f-9c55-{number:012d}",
            "event_time": int(time),
            "received_at": int(time) + 300,
            "request_id": uuid_of(f"{number}"),
            "request_index": number % 20,
            "page_url": f"https://shop.example/products/{number % 2000}?utm_source=newsletter",
            "source": "newsletter" if number % 10 == 0 else None,
            "referrer_host": "search.example" if number % 3 == 0 else None,
            "browser": ("Chrome", "Safari", "Firefox")[number % 3],
            "language": "en-GB",
            "geo_country": f"{number % 90}",
            "engagement_ms": number % 5000,
            "client_session_number": number % 9,
        }
        for number, time in enumerate(times)
    )
    found = definition.sessionize(SessionState.empty(GAP_COLUMNS), events)
    return definition.close(found.state, NOON_US, 1).state


def test_a_session_is_small():
    """A million visitors a quarter of an hour must not need gigabytes: counted, not measured."""
    state = shop(20_000)
    (segment,) = state.segments
    whole = SessionState.of(state.frame(), state.floor, None, GAP_COLUMNS)
    assert whole.frame().equals(state.frame())
    assert whole.nbytes / len(state) <= BYTES_MAX
    kept = in_files(whole, MemoryStore(), 1)
    assert kept.nbytes / len(state) <= BYTES_BESIDE_FILES_MAX
    assert segment.live == 20_000


def test_changes_do_not_copy_rows(monkeypatch):
    """An event more, a revision written, a session evicted: the rows of a file are shared."""
    monkeypatch.setattr(state_module, "PACKED_ROWS_MIN", 1)
    state = in_files(shop(2_000), MemoryStore(), 1)
    rows = state.segments[0].rows
    event = event_table(
        [{"visitor_id": f"0f0e5c1e-7d4a-4b1f-9c55-{7:012d}", "event_time": NOON_US}]
    )
    after = DEFINITION.sessionize(state, event).state
    closed = DEFINITION.close(after, NOON_US + HOUR, 2).state
    evicted = DEFINITION.close(closed, NOON_US + 90 * MINUTE + HOUR // 4, 3).state
    assert 0 < len(evicted) < len(closed)
    for other in (after, closed, evicted):
        assert rows is other.segments[0].rows


def _made():
    return SessionState.of(shop(1_000).frame(), NOON_US, NOON_US + 5, GAP_COLUMNS)


@pytest.mark.parametrize("rows_min", [1, 100, 10**9])
def test_state_comes_back_from_files_and_notes(rows_min, monkeypatch):
    """What a checkpoint says is the whole state, wherever its rows are."""
    monkeypatch.setattr(state_module, "SEGMENT_ROWS_MAX", 300)
    store, state = (
        MemoryStore(),
        _made(),
    )
    assert len(state.segments) == 4
    late = event_table([{"visitor_id": "w", "event_time": NOON_US, "page_url": "p"}])
    state = in_files(DEFINITION.sessionize(state, late).state, store, rows_min)
    state = in_files(DEFINITION.close(state, NOON_US + HOUR, 1).state, store, rows_min)
    loose, notes = save(state)
    again = restore(loose, notes, store)
    assert {note.file for note in notes} == files_of(state)
    assert len(notes) == sum(len(segment.rows) >= rows_min for segment in state.segments)
    assert (len(notes) > 1) == (rows_min < 10**9)
    assert again.frame().equals(state.frame())
    assert (again.floor, again.watermark) == (state.floor, state.watermark)
    # Files written when names were hashed otherwise: their order is not that of the hashes.
    plain = stored_module.visitor_keys
    monkeypatch.setattr(stored_module, "visitor_keys", lambda apps, names: ~plain(apps, names))
    other = restore(loose, notes, store)
    assert other.frame().equals(state.frame())
    for segment in other.segments[: len(notes)]:
        assert (segment.keys[1:] >= segment.keys[:-1]).all()


def test_other_files_are_no_segments():
    """A file of another version is refused, never half understood."""
    sink = pa.BufferOutputStream()
    table = pa.table({"a": [1]})
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(ValueError, match="not rows of a session state"):
        Packed.from_bytes(sink.getvalue(), "file", GAP_COLUMNS)


def test_no_column_is_forgotten():
    """A column is packed, or lies beside the rows because it changes."""
    assert set(GAP_COLUMNS.schema) == set(GAP_COLUMNS.packed) | set(OVERLAID)
