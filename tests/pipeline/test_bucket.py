"""The same epochs on a disk and in a bucket: equal rows, whatever the store does meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import Unavailable
from footfall.metadata import Metadata
from tests.object_server import S3Server, bucket, s3_server
from tests.pipeline.harness import Bench
from tests.pipeline.test_pipeline import SETTINGS, _comparable, _drive, _traffic

__all__ = ["bucket", "s3_server"]


def test_store_that_goes_away_between_epochs_changes_no_row(
    tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    """The pipeline that meets it ends with a sentence; the next one redoes the epoch from its plan.

    Late events are looked up in the bucket, too.
    """
    batches = _traffic(7, 4)
    options = s3_server.options
    place = (
        f"lake.location={bucket}/lake",
        f"lake.s3_endpoint={options.endpoint}",
        f"lake.s3_access_key={options.access_key}",
        f"lake.s3_secret_key={options.secret_key}",
    )
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
