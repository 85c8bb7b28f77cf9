"""Live numbers where nothing is previewed, and where the pages are on another machine."""

from __future__ import annotations

from pathlib import Path

import msgspec
from tools.servers.postgres import PostgresServer

from footfall.clock import SECOND
from footfall.errors import Unavailable
from footfall.home import Home
from footfall.lake import Lake
from footfall.ledger import Ledger
from footfall.live import LiveSnapshot, decode_snapshot
from footfall.metadata import Metadata
from footfall.metadata.place import MetadataPlace
from footfall.metadata.progress.published import PublishedProgress, read_live, read_progress
from footfall.pipeline.consumers.consumers import Consumers
from footfall.pipeline.consumers.contract import ConsumerPlace
from footfall.pipeline.consumers.live import SHARE_INTERVAL, LiveCounters
from footfall.pipeline.consumers.mailbox import Committed
from footfall.positions import Positions
from footfall.studio import read_status
from footfall.studio.api.live.mirror import LiveMirror
from footfall.studio.api.status.status import LogReader
from tests.pipeline.harness import Bench
from tests.pipeline.test_pipeline import SETTINGS, _drive, _traffic
from tests.servers.databases import new_database, overrides_of


def _people(home: Home) -> LiveSnapshot:
    return decode_snapshot(home.live_file("default").read_bytes())


def test_epochs_alone_count_what_previews_counted(tmp_path: Path) -> None:
    """A runner on a cluster has no previews: the numbers come later and are the same."""
    bench = Bench(tmp_path / "a", *SETTINGS)
    pipeline = bench.pipeline()
    _drive(bench, pipeline, _traffic(5, 4))
    pipeline.finish()
    pipeline._publish()
    assert pipeline.consumers.settle(60)
    progress = pipeline._progress()
    metadata = Metadata.open(bench.home)
    there = Home(tmp_path / "b")
    there.tail_dir("default").mkdir(parents=True)
    consumers = Consumers(
        there,
        "default",
        bench.settings.consumers,
        metadata,
        lambda: Lake(bench.home.lake_dir, "default"),
        bench.clock,
        bench.told.append,
    )
    consumers.start(0, Positions())
    for epoch in reversed(metadata.last_epochs("default", 100)):
        consumers.put(Committed(epoch.epoch, epoch.log_to))
        assert consumers.settle(60)
    consumers.put(progress)
    assert consumers.settle(60)
    consumers.close()
    found, wanted = _people(there), _people(bench.home)
    assert (found.people, found.bots, found.totals) == (wanted.people, wanted.bots, wanted.totals)
    assert found.people.visitors_30m > 0
    bench.stop_consumers()
    metadata.close()


def test_another_machine_sees_how_far_it_is(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """Status and live numbers of a home that shares the database and nothing else."""
    shared = new_database(postgres_server)
    bench = Bench(tmp_path / "here", *SETTINGS, *overrides_of(shared))
    pipeline = bench.pipeline()
    there = Home(tmp_path / "there")
    place = MetadataPlace.of(there, shared)
    mirror = LiveMirror(there, "default", place)
    _drive(bench, pipeline, _traffic(5, 2))
    pipeline.finish()
    pipeline._publish()
    assert pipeline.consumers.settle(60)
    assert mirror.look()
    assert not mirror.look(), "fetched once"
    assert _people(there).totals == pipeline.truth.ledger
    status = read_status(there, "default", bench.clock, _no_log, metadata=place)
    assert status.pipeline is not None
    assert (status.pipeline.epoch, status.ledger) == (pipeline.epoch, pipeline.truth.ledger)
    before = there.live_file("default").read_bytes()
    newer = msgspec.json.decode(before)
    newer["at"] += 1
    there.live_file("default").write_bytes(msgspec.json.encode(newer))
    assert not mirror.look(), "the pipeline of this machine wrote a newer one"
    pipeline.close()
    bench.stop_consumers()


def _no_log() -> LogReader:
    raise Unavailable("the log is on another machine")


def test_what_is_published_goes_not_back(tmp_path: Path, postgres_server: PostgresServer) -> None:
    """An older pipeline that wakes up shows nothing of its own."""
    shared = new_database(postgres_server)
    metadata = Metadata.open(Home(tmp_path), settings=shared)
    place = MetadataPlace.of(Home(tmp_path), shared)
    assert (read_progress(place, "default"), read_live(place, "default")) == (None, None)
    new, old = _progress(7, 100), _progress(6, 200)
    metadata.publish("default", new, b'{"at": 100}')
    metadata.publish("default", old, b'{"at": 200}')
    assert read_progress(place, "default") == new
    assert read_live(place, "default") == (100, b'{"at": 100}')
    assert read_live(place, "default", after=100) is None
    metadata.close()


def _progress(epoch: int, at: int) -> PublishedProgress:
    return PublishedProgress(Positions(), epoch, 0, at, Ledger())


def test_between_epochs_others_are_told_seldom(tmp_path: Path) -> None:
    """A snapshot is tens of kilobytes, and the database keeps each for a while."""
    bench = Bench(tmp_path, *SETTINGS)
    pipeline = bench.pipeline()
    told: list[int] = []
    progress = pipeline._progress()
    live = LiveCounters(
        _place(bench),
        Lake(bench.home.lake_dir, "default"),
        bench.told.append,
        lambda shown, _: told.append(shown.published_at),
    )
    start = progress.at
    for at, epoch in (
        (start, 1),
        (start + SECOND, 1),
        (start + 2 * SECOND, 2),
        (start + 3 * SECOND, 2),
        (start + 2 * SECOND + SHARE_INTERVAL, 2),
    ):
        live.watermark(msgspec.structs.replace(progress, at=at, epoch=epoch))
    assert told == [start, start + 2 * SECOND, start + 2 * SECOND + SHARE_INTERVAL]
    pipeline.close()
    bench.stop_consumers()


def _place(bench: Bench) -> ConsumerPlace:
    return ConsumerPlace(
        bench.home, "default", bench.home.root, 1, Positions(), bench.clock.now_us()
    )
