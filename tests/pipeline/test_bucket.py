"""The same epochs on a disk and in a bucket: equal rows, whatever the store does meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import Unavailable
from footfall.metadata import Metadata
from footfall.pipeline import _parts as parts_module
from footfall.pipeline._run import build
from tests.pipeline.consumers.recorder import Book
from tests.pipeline.harness import Bench, event, request
from tests.pipeline.test_pipeline import SETTINGS, _comparable, _drive, _traffic
from tests.servers.s3 import S3Server


def _in_bucket(server: S3Server, bucket: str) -> tuple[str, ...]:
    return (
        f"lake.location={bucket}/lake",
        f"lake.s3_endpoint={server.options.endpoint}",
        f"lake.s3_access_key={server.options.access_key}",
        f"lake.s3_secret_key={server.options.secret_key}",
    )


def test_a_started_pipeline_gives_consumers_the_rows_of_the_bucket(
    tmp_path: Path, s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is wired for a process: nothing of it may look for the lake on this machine's disk."""
    bench = Bench(tmp_path / "home", *SETTINGS, *_in_bucket(s3_server, bucket))
    Metadata.open(bench.home, bench.clock).create_project("default")
    book = Book()
    real = parts_module.Consumers
    monkeypatch.setattr(
        parts_module,
        "Consumers",
        lambda *wired, **named: real(*wired[:-2], {"book": book}, wired[-1], **named),
    )
    pipeline = build(bench.home, bench.settings, "default", bench.log, bench.clock)
    try:
        pipeline.recover()
        now = bench.clock.now_us()
        bench.append([request(1, [event("v", now, 1), event("w", now, 2)], now)])
        pipeline.finish()
        assert pipeline.consumers.settle(60.0)
    finally:
        pipeline.close()
    assert book.given == list(range(1, pipeline.epoch + 1))
    assert sum(rows["events"].num_rows for rows in book.epochs.values()) == 2
    assert not list(bench.home.lake_dir.rglob("*.parquet"))


def test_store_that_goes_away_between_epochs_changes_no_row(
    tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    """The pipeline that meets it ends with a sentence; the next one redoes the epoch from its plan.

    Late events are looked up in the bucket, too.
    """
    batches = _traffic(7, 4)
    place = _in_bucket(s3_server, bucket)
    local, remote = Bench(tmp_path / "a", *SETTINGS), Bench(tmp_path / "b", *SETTINGS, *place)
    with_disk, with_bucket = local.pipeline(), remote.pipeline()
    _drive(local, with_disk, batches)
    with_disk.finish()
    _drive(remote, with_bucket, batches[:2])
    s3_server.stop()
    try:
        with pytest.raises(Unavailable, match=r"lake\.s3_endpoint is right"):
            _drive(remote, with_bucket, batches[2:3])
    finally:
        s3_server.start()
    again = remote.pipeline()
    _drive(remote, again, batches[3:])
    again.finish()
    ledger = Metadata.open(remote.home).ledger("default")
    assert ledger.problems() == []
    assert ledger.events == remote.tables()["events"].num_rows
    found, wanted = (_comparable(bench.tables()) for bench in (remote, local))
    for name, rows in wanted.items():
        ours = [{**row, "epoch": 0} for row in found[name]]
        assert ours == [{**row, "epoch": 0} for row in rows], name
