"""Every record is in exactly one file, whatever dies; a store that is away costs time only.

The consumer is driven as its runner drives it, over epochs that a pipeline committed before. Dying
at the n-th effect, for every n, and going on an hour later must leave each record in one file.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pytest

from footfall.clock import HOUR, MINUTE
from footfall.deliver import stream
from footfall.deliver.backfill import Backfill
from footfall.deliver.consumer import make
from footfall.deliver.notes import read_note
from footfall.deliver.operating.access import Deliveries
from footfall.deliver.operating.report import DeliveryReport, delivery_reports
from footfall.deliver.outlet import Directory
from footfall.deliver.source import REQUESTS
from footfall.errors import Unavailable
from footfall.lake import EpochRows, Lake
from footfall.ledger import Ledger
from footfall.metadata import Metadata
from footfall.pipeline import CommittedEpoch, ConsumerPlace, LostEpochs, Progress
from footfall.pipeline.consumers.notes import consumers_dir
from footfall.positions import Positions
from footfall.secret import Secret
from footfall.settings import DestinationSettings, Settings
from tests.deliver.bench import Delivering, files_below, records
from tests.pipeline.harness import event, request
from tests.scale import scaled
from tests.servers.s3 import S3Server

EPOCHS_OF_EVENTS = 4
SMALL = 2_000
"""Bytes of a file: of one epoch's rows there are several, and some have rows of two epochs."""


EVERY = 5
"""Of the effects are tried in `make test`: each kind, as seven go with each file."""


class Death(BaseException):
    """The process died here."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Committed:
    """Epochs with events, closed sessions, and sessions that late events change."""
    made = Committed(tmp_path_factory.mktemp("deaths"), "{}")
    made.consumers.clear()
    pipeline, number = made.pipeline(), itertools.count()
    for epoch in range(EPOCHS_OF_EVENTS):
        now = made.clock.now_us()
        late = [now - 5 * MINUTE // 2] if epoch == 3 else []
        for visitor, at in enumerate([now, now, now, *late]):
            n = next(number)
            made.append([request(n, [event(f"v{visitor % 3}", at, n)], now)])
        pipeline.finish()
        made.clock.advance(MINUTE if epoch % 2 else 3 * MINUTE)
        pipeline.finish()
    pipeline.close()
    made.stop_consumers()
    tables = made.tables()
    made.tables = lambda: tables  # type: ignore[method-assign]
    metadata = Metadata.open(made.home)
    rows = EpochRows(Lake(made.home.lake_dir, "default"))
    epochs = reversed(metadata.last_epochs("default", 100))
    made.kept = {epoch.epoch: Kept(epoch, rows) for epoch in epochs}
    return made


class Kept(CommittedEpoch):
    """One whose rows are read once for all runs."""

    def rows(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        read = self.__dict__.setdefault("read", {})
        if table not in read:
            read[table] = super().rows(table)
        return read[table] if columns is None else read[table].select(columns)


class Committed(Delivering):
    """With its epochs read."""

    kept: dict[int, Kept]


class Run:
    """The consumer over all epochs; it may die, and is made anew from what is durable."""

    def __init__(self, bench: Committed, directory: Path, **named: DestinationSettings) -> None:
        self.bench = bench
        self.home = msgspec.structs.replace(bench.home)
        self.directory = consumers_dir(bench.home, "default") / "deliver"
        self.directory.mkdir(parents=True, exist_ok=True)
        for file in self.directory.iterdir():
            file.unlink()
        self.out = directory
        placed = {
            name: msgspec.structs.replace(one, place=one.place or str(directory / name))
            for name, one in named.items()
        }
        deliver = msgspec.structs.replace(bench.settings.deliver, destinations=placed)
        self.settings: Settings = msgspec.structs.replace(bench.settings, deliver=deliver)
        self.last = max(bench.kept)
        self.first = 1
        self.effect: Callable[[], None] = lambda: None

    def work(self, at: int, now: int = 0) -> None:
        """Give all epochs from `now` on, then the time `at`."""
        place = ConsumerPlace(
            self.home, "default", self.directory, self.first, Positions(), now, self.settings
        )
        consumer = make(place)
        try:
            for number in range(self.first, self.last + 1):
                needs = consumer.committed(self.bench.kept[number])
                self.effect()
                self.first = number + 1 if needs is None else needs.epoch
            consumer.watermark(Progress(at, 0, self.last, Positions(), 0, Ledger(), 0, 0))
        finally:
            consumer.close()

    def files(self) -> dict[str, bytes]:
        """What is there, by path."""
        return {
            str(file.relative_to(self.out)): file.read_bytes() for file in files_below(self.out)
        }

    def report(self, name: str) -> DeliveryReport:
        """How it gets on."""
        found = {one.name: one for one in delivery_reports(self.home, "default", 0)}
        return found[name]


def _destinations() -> dict[str, DestinationSettings]:
    return {
        "events": DestinationSettings("events", compression="gzip", buffer_bytes=SMALL),
        "raw": DestinationSettings(REQUESTS, format="csv", buffer_bytes=SMALL),
        "sessions": DestinationSettings("sessions", format="parquet", settle=0),
    }


def test_dying_at_every_effect_doubles_and_loses_no_record(
    bench: Committed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each note and each file, within a file, before the position is written."""
    end = bench.clock.now_us() + HOUR
    whole = Run(bench, tmp_path / "whole", **_destinations())
    whole.work(end)
    expected = whole.files()
    _check_once(bench, expected, tmp_path / "whole")
    parts = collections.Counter(name.rsplit("-", 1)[1][:3] for name in expected)
    assert parts["000"] >= 4
    assert parts["001"] >= 1
    effects = _Effects(monkeypatch)
    for die_at in itertools.count(1, scaled(EVERY, 1)):
        run = Run(bench, tmp_path / str(die_at), **_destinations())
        run.effect = effects.effect
        effects.arm(die_at)
        try:
            run.work(end)
        except Death:
            there = {path: data for path, data in run.files().items() if "/." not in path}
            run.work(end + HOUR, now=end)  # what is closed from now on has another name
        else:
            break
        files = run.files()
        assert there.items() <= files.items(), f"died at effect {die_at}"
        assert not any("/." in path for path in files), f"died at effect {die_at}"
        _check_once(bench, files, run.out)
    assert die_at > 60


class _Effects:
    """Dies before and after each effect of a destination; once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left = 0
        note, put = stream.write_note, Directory.put

        def write_note(*arguments: Any) -> None:
            self.effect()
            note(*arguments)
            self.effect()

        def put_file(outlet: Directory, path: str, file: BinaryIO) -> None:
            self.effect()
            if self._left == 1:  # half of it is there, under the name of one that is not whole
                target = Path(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.with_name(f".{target.name}.tmp").write_bytes(file.read(10))
            self.effect()
            put(outlet, path, file)
            self.effect()

        monkeypatch.setattr(stream, "write_note", write_note)
        monkeypatch.setattr(Directory, "put", put_file)

    def arm(self, die_at: int) -> None:
        self._left = die_at

    def effect(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Death


def _check_once(bench: Committed, files: dict[str, bytes], directory: Path) -> None:
    """Against the tables and the log."""
    found: dict[str, list[Any]] = collections.defaultdict(list)
    for name in files:
        found[name.split("/")[0]] += records(directory / name)
    tables = bench.tables()
    ids = sorted(row["event_id"].hex() for row in tables["events"].to_pylist())
    assert sorted(one["event_id"].replace("-", "") for one in found["events"]) == ids
    offsets = sorted(int(one["log_offset"]) for one in found["raw"])
    assert offsets == list(range(bench.segments.ends()[0]))
    expected = sorted(
        (row["session_id"].hex(), row["revision"], row["events"])
        for row in tables["sessions"].to_pylist()
    )
    assert max(revision for _, revision, _ in expected) > 1
    delivered = sorted(
        (one["session_id"].replace("-", ""), one["revision"], one["events"])
        for one in found["sessions"]
    )
    assert delivered == expected


def test_a_session_that_settles_is_written_once(bench: Committed, tmp_path: Path) -> None:
    """Late events within the delay: only the newest revision; with a short one each is a record."""
    settled = DestinationSettings("sessions", settle=HOUR)
    run = Run(bench, tmp_path, long=settled, other=DestinationSettings("events"))
    run.work(bench.clock.now_us() + 2 * HOUR)
    found = [one for file in files_below(tmp_path / "long") for one in records(file)]
    newest: dict[str, int] = {}
    for row in bench.tables()["sessions"].to_pylist():
        key = row["session_id"].hex()
        newest[key] = max(newest.get(key, 0), row["revision"])
    gone = {row["session_id"].hex() for row in bench.tables()["session_changes"].to_pylist()}
    delivered = {one["session_id"].replace("-", ""): one["revision"] for one in found}
    assert len(found) == len(delivered)
    assert delivered == {key: newest[key] for key in newest if key not in gone or newest[key] > 1}
    again = Run(bench, tmp_path / "early", long=settled)
    again.work(bench.clock.now_us())
    assert again.report("long").backlog_epochs > 0


def test_a_store_that_is_away_gets_everything_when_it_is_back(
    bench: Committed, tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    """Nothing is lost or doubled, what waits is said, and the other destination goes on."""
    end = bench.clock.now_us() + HOUR
    far = DestinationSettings("events", place=f"{bucket}/out", buffer_bytes=SMALL)
    run = Run(bench, tmp_path, far=far, near=DestinationSettings("events"))
    run.settings = _with_store(run.settings, s3_server)
    s3_server.stop()
    try:
        run.work(end)
        away = run.report("far")
        assert away.files == 0
        assert away.failures >= 1
        assert "does not answer" in away.error
        assert "deliver.s3_endpoint" in away.error
        assert away.backlog_epochs == run.last
        assert away.backlog_requests == bench.segments.ends()[0]
        assert run.report("near").records == bench.tables()["events"].num_rows
    finally:
        s3_server.start()
    run.work(end + HOUR)
    back = run.report("far")
    assert (back.failures, back.error, back.backlog_epochs) == (0, "", 0)
    store = s3_server.store(f"{bucket}/out")
    found = []
    for listed in store.list(f"{bucket}/out"):
        file = tmp_path / listed.path.rsplit("/", 1)[1]
        file.write_bytes(store.read(listed.path))
        found += [one["event_id"].replace("-", "") for one in records(file)]
    assert sorted(found) == sorted(
        row["event_id"].hex() for row in bench.tables()["events"].to_pylist()
    )


def test_paused_at_any_epoch_and_over_restarts_no_record_is_lost_or_doubled(
    bench: Committed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written while it is paused, what waits is told, and one that is not goes on.

    Also where a file was being made, or was planned for a store that was away. `brief` is paused
    for one epoch, `other` never.
    """
    end, put = bench.clock.now_us() + HOUR, Directory.put
    names = _destinations()
    waiting = []
    for pause_at in range(1, max(bench.kept), scaled(3, 1)):
        others = dict.fromkeys(("brief", "other"), DestinationSettings("events"))
        run = Run(bench, tmp_path / str(pause_at), **names, **others)
        desk = Deliveries(run.home, "default", run.settings, bench.clock)
        pausing = _Pausing(desk, tuple(names), pause_at)
        run.effect = pausing.effect
        is_away = pause_at % 4 == 1
        monkeypatch.setattr(Directory, "put", _away if is_away else put)
        run.work(end)
        monkeypatch.setattr(Directory, "put", put)
        before = _of(names, run.files())
        run.work(end + HOUR)  # a restart, and it is paused still
        assert _of(names, run.files()) == before
        reports = {one.name: one for one in desk.list()}
        assert {name: one.paused_at > 0 for name, one in reports.items()} == {
            **dict.fromkeys(names, True),
            **dict.fromkeys(others, False),
        }
        assert all(one.is_well for one in reports.values())
        ids = sorted(row["event_id"].hex() for row in bench.tables()["events"].to_pylist())
        assert _ids(run.out / "brief") == _ids(run.out / "other") == ids
        assert reports["raw"].backlog_epochs >= run.last - pause_at
        assert reports["raw"].kept_until > 0
        assert "paused since 20" in str(reports["raw"])
        waiting.append(reports["raw"].backlog_requests)
        for name in names:
            desk.resume(name)
        run.work(end + 2 * HOUR)
        _check_once(bench, run.files(), run.out)
        assert [one.paused_at for one in desk.list()] == [0] * 5
    assert max(waiting) > min(waiting) >= 0


class _Pausing:
    """Pauses destinations once so many epochs were given, `brief` until the next one."""

    def __init__(self, desk: Deliveries, names: tuple[str, ...], epochs: int) -> None:
        self._desk, self._names, self._left = desk, names, epochs

    def effect(self) -> None:
        self._left -= 1
        if self._left == 0:
            for name in (*self._names, "brief"):
                self._desk.pause(name)
        elif self._left == -1:
            self._desk.resume("brief")


def _of(names: Collection[str], files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if path.split("/")[0] in names}


def _ids(directory: Path) -> list[str]:
    rows = (one for file in files_below(directory) for one in records(file))
    return sorted(one["event_id"].replace("-", "") for one in rows)


def _away(*_: object) -> None:
    raise Unavailable("it is away")


def _with_store(settings: Settings, server: S3Server) -> Settings:
    options = server.options
    return msgspec.structs.replace(
        settings,
        deliver=msgspec.structs.replace(
            settings.deliver,
            s3_endpoint=options.endpoint,
            s3_region=options.region,
            s3_access_key=Secret(options.access_key),
            s3_secret_key=Secret(options.secret_key),
        ),
    )


def test_what_was_kept_too_short_is_counted_and_the_rest_is_written_once(
    bench: Committed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was behind for longer than epochs are kept, with a planned file that was never put."""
    run = Run(bench, tmp_path, out=DestinationSettings("events", buffer_bytes=SMALL))
    put = Directory.put
    monkeypatch.setattr(Directory, "put", _away)
    run.work(bench.clock.now_us())
    monkeypatch.setattr(Directory, "put", put)
    consumer = make(
        ConsumerPlace(run.home, "default", run.directory, 1, Positions(), 0, run.settings)
    )
    consumer.lost(LostEpochs(1, 3))
    consumer.close()
    run.first = 4
    run.work(bench.clock.now_us() + HOUR)
    assert run.report("out").epochs_lost == 3
    assert not run.report("out").is_well
    found = [one["event_id"] for file in files_below(tmp_path) for one in records(file)]
    rows = bench.tables()["events"].to_pylist()
    assert len(found) == len(set(found)) == sum(row["epoch"] > 3 for row in rows)


def test_of_an_epoch_that_it_has_in_part_the_rest_is_not_filled_in(
    bench: Committed, tmp_path: Path
) -> None:
    """It was taken out just where a file ended within an epoch; another place gets all of it."""
    destination = DestinationSettings("events", buffer_bytes=SMALL, place=str(tmp_path / "out"))
    for last in bench.kept:
        run = Run(bench, tmp_path, out=destination)
        run.last = last
        run.work(bench.kept[last].planned_at)
        note = read_note(run.directory, "out")
        assert note is not None
        if note.cursor.row:
            break
    epoch, row = note.cursor.epoch, note.cursor.row
    run.first, run.last = epoch + 2, max(bench.kept)  # the one between came while it was out
    run.work(bench.clock.now_us() + HOUR)
    rows = {number: one.rows("events").to_pylist() for number, one in bench.kept.items()}
    rest = {one["event_id"].hex() for one in rows[epoch][row:]}
    every = sorted(one["event_id"].hex() for kept in rows.values() for one in kept)
    assert 0 < len(rest) < len(rows[epoch])
    with contextlib.closing(Metadata.open(bench.home)) as metadata:
        for place in ("", str(tmp_path / "again")):
            fill = Backfill(bench.home, run.settings, "default", "out", destination, place)
            fill.run(metadata)
    assert _ids(tmp_path / "out") == [one for one in every if one not in rest]
    assert _ids(tmp_path / "again") == every


def test_epochs_cost_nothing_where_nobody_wants_files(
    bench: Committed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is read, and no epoch is held back."""
    run = Run(bench, tmp_path)

    def read(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(CommittedEpoch, "rows", read)
    run.work(bench.clock.now_us())
    assert run.first == run.last + 1
