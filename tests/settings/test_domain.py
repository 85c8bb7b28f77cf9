"""The small words of the domain: errors, clock, project, home, ledger, and `conform`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall import errors
from footfall.clock import SystemClock, Uuid7Source, random_token, uuid7
from footfall.errors import FootfallError, Invalid
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA, conform
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.project import ID_PATTERN, hash_server_key, is_origin_allowed


def kinds() -> list[type[FootfallError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, FootfallError)]


def test_each_kind_of_error_has_its_own_code() -> None:
    """Codes are in answers and metrics for ever; two kinds under one code cannot be told apart."""
    codes = {kind.__name__: kind.code for kind in kinds()}
    assert len(set(codes.values())) == len(codes)
    assert codes["DiskFull"] == "disk_full"


def test_what_may_be_tried_again_says_so() -> None:
    """Retrying an Invalid loops for ever; not retrying an Unavailable loses work."""
    retryable = {kind.__name__ for kind in kinds() if kind.retryable}
    assert retryable == {"Unavailable", "DiskFull", "Overloaded", "Conflict"}


def test_invalid_lists_its_problems() -> None:
    """The message alone must be enough to mend everything."""
    error = Invalid("mend these:", ("a: wrong", "b: missing"))
    assert str(error) == "mend these:\na: wrong\nb: missing"
    assert str(Invalid("just this")) == "just this"


def test_the_system_clock_is_the_machine_s() -> None:
    """Microseconds, not milliseconds or seconds."""
    before = time.time_ns() // 1_000
    assert before <= SystemClock().now_us() <= time.time_ns() // 1_000
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()


@given(st.integers(0, 2**48 * 1_000 - 1), st.integers(0, 2**48 * 1_000 - 1))
def test_uuid7_sorts_by_time_and_is_one(first_us: int, second_us: int) -> None:
    """Request ids sort as requests came; RFC 9562 fixes version and variant bits."""
    first, second = uuid7(first_us), uuid7(second_us)
    assert (first[6] >> 4, first[8] >> 6, len(first)) == (7, 0b10, 16)
    assert int.from_bytes(first[:6], "big") == first_us // 1_000
    if first_us // 1_000 < second_us // 1_000:
        assert first < second


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=60), st.integers(1, 5_000))
def test_ids_of_a_source_are_never_the_same(steps: list[int], each: int) -> None:
    """Also when a millisecond holds more than its counter can, and when the clock goes back.

    Two requests with one id would be one row's worth of failed events, and an order by chance.
    """
    source, now_ms, made = Uuid7Source(), 1_000_000, []
    for number, step in enumerate(steps):
        now_ms += step
        count = each if number == len(steps) // 2 else 2
        made += [source.next(now_ms * 1_000 + extra % 1_000) for extra in range(count)]
        assert int.from_bytes(made[-1][:6], "big") == now_ms
        assert (made[-1][6] >> 4, made[-1][8] >> 6) == (7, 0b10)
    assert len(set(made)) == len(made)


def test_ids_of_a_source_sort_as_made_and_share_their_tail() -> None:
    """What makes a million of them small in the lake; another source has another tail."""
    source, other = Uuid7Source(), Uuid7Source()
    ids = [source.next(1_000_000 + 400 * number) for number in range(100)]
    assert ids == sorted(ids)
    assert len({one[8:] for one in ids}) == 1
    assert other.next(1_000_000)[8:] != ids[0][8:]


def test_tokens_are_long_and_never_the_same() -> None:
    """Keys and one-time links are guessed by nobody."""
    tokens = {random_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {48}


@pytest.mark.parametrize("good", ["default", "shop_web", "a", "0.x-y", "A" * 64])
def test_ids_that_are_safe(good: str) -> None:
    """As a file name, a URL segment and a namespace."""
    assert ID_PATTERN.match(good)


@pytest.mark.parametrize("bad", ["", ".", "..", "-x", "a/b", "a b", "ä", "A" * 65, "a\n", "a\x00"])
def test_ids_that_would_escape(bad: str) -> None:
    """Ids become paths: one with a slash or dots would lie somewhere else."""
    assert not ID_PATTERN.match(bad)


def test_server_keys_are_kept_as_hashes() -> None:
    """Whoever reads the database must not be able to send with what it holds."""
    expected = "a8565461b1b751a6505a48f7df84b0ba9f62fbbb9a25264b95392ed849bfc8c3"
    assert hash_server_key("fsk_a") == expected
    assert hash_server_key("fsk_a") != hash_server_key("fsk_b")


@pytest.mark.parametrize(
    ("origin", "allowed", "expected"),
    [
        ("https://shop.example", ("*",), True),
        ("https://shop.example", ("https://shop.example",), True),
        ("http://shop.example", ("https://shop.example",), False),
        ("https://shop.example:8443", ("https://shop.example",), False),
        ("https://www.shop.example", ("https://*.shop.example",), True),
        ("https://a.b.shop.example", ("https://*.shop.example",), True),
        ("https://shop.example", ("https://*.shop.example",), False),
        ("https://evilshop.example", ("https://*.shop.example",), False),
        ("http://www.shop.example", ("https://*.shop.example",), False),
        ("https://www.shop.example", (), False),
        ("null", ("https://shop.example",), False),
    ],
)
def test_origins(origin: str, allowed: tuple[str, ...], expected: bool) -> None:
    """A pattern that matched too much would let other sites write into the app."""
    assert is_origin_allowed(origin, allowed) is expected


def test_home_spells_every_path_and_touches_nothing(tmp_path: Path) -> None:
    """Two parts that spelled a path differently would not find each other."""
    home = Home(tmp_path / "data")
    paths = [
        home.settings_file, home.metadata_file, home.run_dir, home.lake_dir,
        home.log_dir("p"), home.tail_dir("p"), home.state_dir("p"), home.cut_file("p"),
        home.live_file("p"),
    ]  # fmt: skip
    assert [os.fspath(path.relative_to(tmp_path / "data")) for path in paths] == [
        "footfall.toml", "metadata.db", "run", "lake", "log/p", "tail/p", "state/p",
        "tail/p/cut.json", "tail/p/live.json",
    ]  # fmt: skip
    assert not home.root.exists()


COUNTS = st.integers(0, 10**9)
REASONS = st.dictionaries(st.sampled_from(["bot", "consent", "rule"]), COUNTS, max_size=3)
LEDGERS = st.builds(
    Ledger,
    requests=COUNTS,
    decoded=COUNTS,
    undecodable=COUNTS,
    records=COUNTS,
    events=COUNTS,
    failed=COUNTS,
    duplicates=COUNTS,
    dropped=REASONS,
    ignored=REASONS,
)


@given(LEDGERS, LEDGERS, LEDGERS)
def test_ledgers_add_in_any_grouping(one: Ledger, two: Ledger, three: Ledger) -> None:
    """Sums over epochs must not depend on which epochs were added first."""
    assert (one + two) + three == one + (two + three)
    assert (one + two).requests == one.requests + two.requests
    assert one + Ledger() == one


@given(LEDGERS)
def test_a_ledger_that_adds_up_has_no_problems(ledger: Ledger) -> None:
    """And one that is off by one has exactly one, in either sum."""
    accounted = ledger.events + ledger.failed + ledger.duplicates
    accounted += sum(ledger.dropped.values()) + sum(ledger.ignored.values())
    good = msgspec.structs.replace(
        ledger, requests=ledger.decoded + ledger.undecodable, records=accounted
    )
    assert good.problems() == []
    lost_request = msgspec.structs.replace(good, requests=good.requests + 1)
    lost_record = msgspec.structs.replace(good, records=good.records + 1)
    assert [text.split()[0] for text in lost_request.problems()] == ["requests"]
    assert [text.split()[0] for text in lost_record.problems()] == ["records"]


def test_conform_gives_every_table_the_same_columns() -> None:
    """Arrow refuses to join tables whose columns differ; the lake refuses to append them."""
    table = pa.table({"event_name": ["a", "b"], "app_id": ["x", "x"]})
    whole = conform(table, EVENT_SCHEMA)
    assert whole.schema == EVENT_SCHEMA
    assert whole.column("event_name").to_pylist() == ["a", "b"]
    assert whole.column("epoch").to_pylist() == [0, 0]
    assert whole.column("is_bot").to_pylist() == [False, False]
    assert whole.column("page_url").to_pylist() == [None, None]


@pytest.mark.parametrize("schema", [EVENT_SCHEMA, FAILED_SCHEMA], ids=["event", "failed"])
def test_conform_of_nothing_is_an_empty_table(schema: pa.Schema) -> None:
    """An empty micro-batch passes through every stage."""
    assert conform(pa.table({}), schema).schema == schema
    assert conform(schema.empty_table(), schema).equals(schema.empty_table())


def test_conform_refuses_a_column_no_schema_names() -> None:
    """It would be dropped without a word: a stage's bug."""
    with pytest.raises(Invalid, match="would be lost; declare them first"):
        conform(pa.table({"colour": ["red"]}), EVENT_SCHEMA)
