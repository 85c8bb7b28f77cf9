"""What a destination has not got is filled in from the past, and no record is written twice.

The oracles are the lake's tables and the log: of each record one, over what the stream wrote and
what was filled in, whatever died and whatever maintenance did in between.
"""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.deliver import backfill
from footfall.deliver.backfill import Backfill, Filled
from footfall.deliver.chosen import parsed
from footfall.deliver.notes import Cursor, Note, Plan, deliver_dir
from footfall.deliver.operating.report import delivery_reports
from footfall.deliver.outlet import Directory
from footfall.deliver.spans import count, union, within, without
from footfall.errors import Conflict, Invalid
from footfall.lake import Lake
from footfall.metadata import Metadata
from footfall.metadata.added.deliveries import put_delivery, remove_delivery
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline.maintenance.maintain import maintain
from footfall.settings import DestinationSettings
from tests.deliver.bench import Delivering, files_below, records
from tests.pipeline.harness import event, request
from tests.scale import scaled

OPTIONS: dict[str, dict[str, Any]] = {
    "clicks": {"source": "events", "compression": "gzip"},
    "raw": {"source": "requests", "format": "csv"},
    "bad": {"source": "failed_events", "format": "json"},
    "visits": {"source": "sessions", "format": "parquet", "settle": "0s"},
}
SPANS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9)).map(lambda p: (p[0], sum(p))))


@given(SPANS, SPANS, st.integers(1, 45), st.integers(1, 45))
def test_spans_are_sets(
    some: list[tuple[int, int]], others: list[tuple[int, int]], first: int, last: int
) -> None:
    """As Python's sets of the same numbers, in the fewest ranges."""
    mine, theirs = _numbers(some), _numbers(others)
    assert _numbers(union(some, others)) == mine | theirs
    assert _numbers(without(some, others)) == mine - theirs
    assert _numbers(within(some, first, last)) == {n for n in mine if first <= n <= last}
    assert count(union(some)) == len(mine)
    found = without(some, others)
    assert all(high + 1 < low for (_, high), (low, _) in itertools.pairwise(found))


def _numbers(spans: Any) -> set[int]:
    return {n for first, last in spans for n in range(first, last + 1)}


class Shop(Delivering):
    """Traffic, and destinations that come and go."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "{}", "lake.maintain_age_max=1s", "consumers.keep_age_max=1s")
        self._numbers = itertools.count()

    def hour(self, pipeline: Pipeline) -> None:
        """Two epochs with new visitors and one that is late, one request that is no event."""
        for _ in range(2):
            now = self.clock.now_us()
            numbers = list(itertools.islice(self._numbers, 4))
            at = [now, now, now, now - 5 * MINUTE // 2]
            sent = [
                request(n, [event(f"v{n % 3}", one, n)], now)
                for n, one in zip(numbers, at, strict=True)
            ]
            bad = request(next(self._numbers), [], now, body=b"no JSON")
            self.epoch(pipeline, [*sent, bad], seconds=90)
        self.clock.advance(HOUR)
        pipeline.finish()
        self.look(pipeline)

    def ask(self, *, is_on: bool) -> None:
        metadata = Metadata.open(self.home)
        for name, options in OPTIONS.items():
            if is_on:
                put_delivery(metadata, "default", name, _json(options))
            else:
                assert remove_delivery(metadata, "default", name)
        metadata.close()

    def fill(self, name: str, place: str = "", **between: int) -> Filled:
        metadata = Metadata.open(self.home)
        try:
            work = Backfill(self.home, self.settings, "default", name, _destination(name), place)
            return work.run(metadata, **between)
        finally:
            metadata.close()


def _json(options: dict[str, Any]) -> str:
    return msgspec.json.encode(options).decode()


def _destination(name: str) -> DestinationSettings:
    return parsed(name, OPTIONS[name])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two hours without files, one with, one without, one with."""
    made = Shop(tmp_path_factory.mktemp("past"))
    pipeline = made.pipeline()
    for is_on in (False, False, True, False, True):
        if is_on:
            made.ask(is_on=True)
            made.look(pipeline)
        made.hour(pipeline)
        if is_on:
            made.clock.advance(900 * SECOND)
            made.look(pipeline)
            made.ask(is_on=False)
            made.look(pipeline)
    made.ask(is_on=True)
    made.look(pipeline)
    pipeline.close()
    made.stop_consumers()
    return made


class Kept(NamedTuple):
    """What is durable of a destination's files and notes, to begin again with."""

    shop: Shop
    directory: Path

    def restore(self) -> None:
        for name, there in self._places():
            shutil.rmtree(there, ignore_errors=True)
            if (self.directory / name).exists():
                shutil.copytree(self.directory / name, there)

    def keep(self) -> Kept:
        for name, there in self._places():
            shutil.copytree(there, self.directory / name)
        return self

    def _places(self) -> list[tuple[str, Path]]:
        home = self.shop.home
        return [("files", home.root / "delivered"), ("notes", deliver_dir(home, "default"))]


def _keys(shop: Shop, directory: Path | None = None) -> dict[str, Counter[Any]]:
    """What files have, by destination."""
    root = directory or shop.home.root / "delivered"
    found: dict[str, Counter[Any]] = {}
    for name in OPTIONS:
        rows = [row for file in files_below(root / name) for row in records(file)]
        found[name] = Counter(_key(name, row) for row in rows)
    return found


def _key(name: str, row: dict[str, Any]) -> Any:
    if name == "raw":
        return int(row["log_offset"])
    if name == "bad":
        return row["log_offset"]
    if name == "visits":
        return row["session_id"].replace("-", ""), row["revision"]
    return row["event_id"].replace("-", "")


def _expected(shop: Shop) -> dict[str, Counter[Any]]:
    lake = Lake(shop.home.lake_dir, "default")
    tables = {name: lake.read(name).to_pylist() for name in ("events", "failed_events", "sessions")}
    return {
        "clicks": Counter(row["event_id"].hex() for row in tables["events"]),
        "raw": Counter(range(shop.segments.ends()[0])),
        "bad": Counter(row["log_offset"] for row in tables["failed_events"]),
        "visits": Counter((row["session_id"].hex(), row["revision"]) for row in tables["sessions"]),
    }


class Death(BaseException):
    """The process died here."""


def _die_at(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    """Before or after the n-th note or file; a file that is put dies after it is there."""
    left = [place]
    write, put = backfill.write_filled, Directory.put

    def effect() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Death

    def write_filled(*arguments: Any) -> None:
        effect()
        write(*arguments)
        effect()

    def put_file(outlet: Directory, path: str, file: BinaryIO) -> None:
        effect()
        put(outlet, path, file)
        effect()

    monkeypatch.setattr(backfill, "write_filled", write_filled)
    monkeypatch.setattr(Directory, "put", put_file)


def test_what_is_missing_is_filled_in_once_though_it_dies_anywhere(
    shop: Shop, tmp_path: Path
) -> None:
    """From before a destination began, and from while it was taken out; then nothing is left.

    And once more after maintenance.
    """
    kept, expected = Kept(shop, tmp_path).keep(), _expected(shop)
    before = _keys(shop)
    assert all(0 < before[name].total() < expected[name].total() for name in OPTIONS)
    missing = {one.name: one.epochs_missing for one in delivery_reports(shop.home, "default", 0)}
    assert set(missing) == set(OPTIONS)
    assert min(missing.values()) > 4
    deaths = 0
    for die_at in itertools.count(1, scaled(17, 1)):
        kept.restore()
        with pytest.MonkeyPatch.context() as patched:
            _die_at(patched, die_at)
            try:
                for name in OPTIONS:
                    shop.fill(name)
            except Death:
                deaths += 1
            else:
                break
        for name in OPTIONS:
            shop.fill(name)
        assert _keys(shop) == expected, f"died at effect {die_at}"
    assert deaths >= scaled(3, 60)
    assert {shop.fill(name).epochs for name in OPTIONS} == {0}
    assert _keys(shop) == expected
    reports = delivery_reports(shop.home, "default", 0)
    assert {one.epochs_missing for one in reports} == {0}
    kept.restore()
    _check_after_maintenance(shop)
    kept.restore()


def _check_after_maintenance(shop: Shop) -> None:
    """Epochs that are folded, merged and forgotten: rows are as the lake has them now, once."""
    before = _expected(shop)
    newest: dict[str, int] = {}
    for key, revision in before["visits"]:
        newest[key] = max(newest.get(key, 0), revision)
    shop.clock.advance(24 * HOUR)
    maintain(shop.home, shop.settings, "default", full=True, clock=shop.clock)
    maintain(shop.home, shop.settings, "default", full=True, clock=shop.clock)
    lake = Lake(shop.home.lake_dir, "default")
    assert lake.changed_epoch() > 0
    for name in ("clicks", "bad", "visits"):
        shop.fill(name)
    requests = shop.fill("raw")  # metadata forgot where most of them are
    assert requests.epochs + requests.epochs_lost == requests.epochs_of
    assert 0 < requests.epochs_lost
    assert f"those of {requests.epochs_lost:,} epochs, are kept no more" in str(requests)
    found = _keys(shop)
    assert found["clicks"] == before["clicks"]
    assert found["bad"] == before["bad"]
    assert max(found["visits"].values()) == 1
    written = {key: max(r for k, r in found["visits"] if k == key) for key, _ in found["visits"]}
    now = _expected(shop)["visits"]
    assert all(written[key] == revision for key, revision in now)


def test_rows_may_change_between_two_tries(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died within a group of several files; before the next try fewer rows are wanted."""
    kept = Kept(shop, tmp_path).keep()
    place = tmp_path / "other"
    small = parsed("clicks", {**OPTIONS["clicks"], "compression": "none"})

    def fill(destination: DestinationSettings) -> None:
        metadata = Metadata.open(shop.home)
        Backfill(shop.home, shop.settings, "default", "clicks", destination, str(place)).run(
            metadata
        )
        metadata.close()

    with pytest.MonkeyPatch.context() as patched:
        _die_at(patched, 12)
        with pytest.raises(Death):
            fill(msgspec.structs.replace(small, buffer_bytes=1_500))
    assert len(files_below(place)) > 1
    fill(small)
    found = Counter(
        row["event_id"].replace("-", "") for file in files_below(place) for row in records(file)
    )
    assert found == _expected(shop)["clicks"]
    kept.restore()


def test_a_range_goes_into_another_place_and_the_rest_later(shop: Shop, tmp_path: Path) -> None:
    """By when requests came; the stream's own files are not asked about. Files lie by that hour."""
    kept, place = Kept(shop, tmp_path).keep(), tmp_path / "again"
    lake = Lake(shop.home.lake_dir, "default")
    rows = lake.read("events").to_pylist()
    start = min(int(row["received_at"].timestamp()) for row in rows) * SECOND
    between = {"from_us": start + HOUR // 2, "to_us": start + 5 * HOUR // 2}
    wanted = Counter(
        row["event_id"].hex()
        for row in rows
        if between["from_us"] <= row["received_at"].timestamp() * SECOND < between["to_us"]
    )
    assert 8 <= wanted.total() < len(rows)
    for _ in range(2):
        shop.fill("clicks", str(place), **between)
        found = [row for file in files_below(place) for row in records(file)]
        assert Counter(row["event_id"].replace("-", "") for row in found) == wanted
        for file in files_below(place):
            hours = {row["received_at"][:13].replace("-", "/") for row in records(file)}
            assert hours == {
                str(file.relative_to(place).parent).replace("/", "T", 3)[:0] or _hour(file, place)
            }
    shop.fill("clicks", str(place))
    found = [row for file in files_below(place) for row in records(file)]
    assert Counter(row["event_id"].replace("-", "") for row in found) == _expected(shop)["clicks"]
    kept.restore()


def _hour(file: Path, place: Path) -> str:
    year, month, day, hour = file.relative_to(place).parts[:4]
    return f"{year}/{month}/{day}T{hour}"


def test_one_at_a_time_and_only_where_a_stream_was(shop: Shop, tmp_path: Path) -> None:
    """Two at once would write twice; without a stream nobody knows what it leaves out."""
    from footfall.machine.process import exclusive

    with (
        exclusive(deliver_dir(shop.home, "default") / "to-clicks.filling.lock", "busy"),
        pytest.raises(Conflict, match="another process fills in clicks"),
    ):
        shop.fill("clicks")
    metadata = Metadata.open(shop.home)
    stranger = Backfill(shop.home, shop.settings, "default", "new", _destination("clicks"))
    with pytest.raises(Invalid, match="no pipeline has seen new yet"):
        stranger.run(metadata)
    metadata.close()


@pytest.mark.parametrize(
    ("note", "is_put", "missing", "goes_on"),
    [
        (Note(Cursor(3)), True, ((3, 6),), 7),
        (Note(Cursor(3, 5)), True, ((4, 6),), 7),
        (Note(Cursor(3), plan=1), True, ((5, 6),), 7),  # type: ignore[arg-type]
        (Note(Cursor(3), plan=1), False, ((3, 6),), 7),  # type: ignore[arg-type]
        (Note(Cursor(9)), True, (), 9),
    ],
)
def test_what_a_destination_that_comes_back_is_missing(
    note: Note, *, is_put: bool, missing: Any, goes_on: int
) -> None:
    """A planned file that may be there is not filled in, and no epoch that it has in part."""
    if note.plan is not None:
        plan = Plan(Cursor(3), Cursor(5), "x", _destination("clicks"), 0, 1)
        note = msgspec.structs.replace(note, plan=plan)
    found = note.begun_at(7, is_put=is_put)
    assert (found.missing, found.cursor, found.plan) == (missing, Cursor(goes_on), None)
