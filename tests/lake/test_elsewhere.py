"""Data files that another process wrote: committed as our own, once, or refused before that."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.clock import DAY
from footfall.errors import Corrupt, Invalid
from footfall.lake import Lake, LakePlace, WrittenFiles, write_elsewhere
from footfall.lake.commit.stored_file import StoredFile
from footfall.lake.location import place_of
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table
from tests.servers.s3 import S3Server

EXECUTOR = """
import os, sys, uuid
from pathlib import Path
from footfall.lake import LakePlace, write_elsewhere
from footfall.settings import load_settings
from tests.lake.test_elsewhere import rows_of
place = LakePlace.of(load_settings(None, os.environ).lake, Path(sys.argv[1]))
written = write_elsewhere(sys.stdin.buffer.read(), rows_of(sys.argv[2]), place, uuid.uuid4())
sys.stdout.buffer.write(written.encode())
"""
ROOT = Path(__file__).parent.parent.parent


def rows_of(executor: str) -> pa.Table:
    """What one executor has of epoch 1: events of two days."""
    return event_table(
        {
            "epoch": 1,
            "visitor_id": f"{executor}{number % 3}",
            "event_time": NOON_US + number % 2 * DAY,
            "properties": None if number % 4 else '{"a": 1}',
        }
        for number in range(20)
    )


@pytest.fixture(params=["local", "object store"])
def environ(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of the lake's place, as each process has them."""
    if request.param == "local":
        return {}
    server: S3Server = request.getfixturevalue("s3_server")
    location = f"{request.getfixturevalue('bucket')}/lake"
    return {**server.environ, "FOOTFALL__LAKE__LOCATION": location}


@pytest.fixture
def place(environ: dict[str, str], tmp_path: Path) -> LakePlace:
    return LakePlace.of(load_settings(None, environ).lake, tmp_path / "lake")


def _write_in_process(
    order: bytes, place: LakePlace, environ: dict[str, str], executor: str
) -> WrittenFiles:
    done = subprocess.run(
        [sys.executable, "-c", EXECUTOR, str(place.directory), executor],
        input=order,
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
        env={"PATH": os.defpath, **environ},
    )
    return WrittenFiles.decode(done.stdout)


def test_two_executors_files_are_as_our_own(place: LakePlace, environ: dict[str, str]) -> None:
    """The rows of a direct commit, and the very statistics: no reader can tell who wrote."""
    lake, direct = Lake(place, "default"), Lake(place, "direct")
    order = lake.write_order("events")
    written = [_write_in_process(order, place, environ, name) for name in "ab"]
    assert lake.commit("events", written, 1)
    assert not lake.commit("events", written, 1)
    assert not lake.commit("events", rows_of("a"), 1)
    assert (lake.epoch("events"), lake.plan("events").rows) == (1, 40)
    for name in "ab":
        for file in direct.write_files("events", rows_of(name), direct.new_id()):
            assert _comparable(file) in [_comparable(one) for one in lake.data_files("events")]
    found = lake.read("events").sort_by([("visitor_id", "ascending"), ("log_offset", "ascending")])
    wanted = pa.concat_tables([rows_of("a"), rows_of("b")])
    keys = [("visitor_id", "ascending"), ("log_offset", "ascending")]
    assert found.equals(wanted.sort_by(keys))
    again = Lake(place, "default").plan("events")
    assert set(again.files) == set(lake.plan("events").files)


def _comparable(file: Any) -> StoredFile:
    return msgspec.structs.replace(StoredFile.of(file), file_path="")


def _here(order: bytes, place: LakePlace, rows: pa.Table) -> WrittenFiles:
    return WrittenFiles.decode(write_elsewhere(order, rows, place, uuid.uuid4()).encode())


@pytest.fixture
def local(tmp_path: Path) -> LakePlace:
    return LakePlace.local(tmp_path / "lake")


Change = Callable[[WrittenFiles], WrittenFiles]


def _with_file(**changes: Any) -> Change:
    def change(written: WrittenFiles) -> WrittenFiles:
        first, *rest = written.files
        first = msgspec.structs.replace(first, **changes)
        return msgspec.structs.replace(written, files=(first, *rest))

    return change


def _with(**changes: Any) -> Change:
    return lambda written: msgspec.structs.replace(written, **changes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_with(table_uuid=str(uuid.UUID(int=1))), "another table"),
        (_with(schema_id=99), "other columns by now"),
        (_with_file(record_count=7), "not as it was described"),
        (_with_file(file_size_in_bytes=7), "not as it was described"),
        (_with_file(partition=(0,)), "rows of another day"),
        (_with_file(partition=(1, 2)), "rows of another day"),
        (_with_file(lower_bounds={}), "not as it was described"),
        (_with_file(file_path="/etc/passwd"), "outside of the table's data"),
        (lambda written: _with(files=written.files * 2)(written), "named twice"),
    ],
)
def test_what_is_not_as_it_was_said_is_refused(local: LakePlace, change: Change, said: str) -> None:
    """Nothing is committed; the honest description still is."""
    lake = Lake(local, "default")
    written = _here(lake.write_order("events"), local, rows_of("a"))
    with pytest.raises(Invalid, match=said):
        lake.commit("events", [change(written)], 1)
    assert lake.epoch("events") == 0
    assert lake.commit("events", [written], 1)


def test_files_of_another_epoch_are_refused(local: LakePlace) -> None:
    """Their rows would be counted to an epoch whose ledger does not have them."""
    lake = Lake(local, "default")
    written = _here(lake.write_order("events"), local, rows_of("a"))
    with pytest.raises(Invalid, match="rows of another epoch"):
        lake.commit("events", [written], 2)


def test_file_with_foreign_columns_is_refused(local: LakePlace) -> None:
    """It lies at the right place and is described as it is; its columns are not the table's."""
    lake = Lake(local, "default")
    written = _here(lake.write_order("events"), local, rows_of("a"))
    path = place_of(written.files[0].file_path)
    table = pq.read_table(path)
    pq.write_table(table.rename_columns([f"{name}_" for name in table.column_names]), path)
    with pytest.raises(Invalid, match="other columns than the table"):
        lake.commit("events", [written], 1)


def test_file_that_is_gone_or_damaged_is_named(local: LakePlace) -> None:
    """Committed, it would be a hole in the table."""
    lake = Lake(local, "default")
    written = _here(lake.write_order("events"), local, rows_of("a"))
    path = Path(place_of(written.files[0].file_path))
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(Corrupt, match=path.name):
        lake.commit("events", [written], 1)
    path.unlink()
    with pytest.raises(Corrupt, match=path.name):
        lake.commit("events", [written], 1)


def test_files_of_another_project_are_refused(local: LakePlace) -> None:
    """Two projects' tables look alike; their files are told apart."""
    lake, other = Lake(local, "default"), Lake(local, "other")
    written = _here(other.write_order("events"), local, rows_of("a"))
    with pytest.raises(Invalid, match="another table"):
        lake.commit("events", [written], 1)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"table": "events"}'])
def test_nonsense_is_no_order_and_no_description(local: LakePlace, data: bytes) -> None:
    """A sentence, whatever came over the wire."""
    with pytest.raises(Invalid, match="ask the lake for one"):
        write_elsewhere(data, rows_of("a"), local, uuid.uuid4())
    with pytest.raises(Invalid, match="write them again"):
        WrittenFiles.decode(data)


def test_order_holds_no_secret_and_no_history(local: LakePlace) -> None:
    """It goes to other machines, with each task."""
    lake = Lake(local, "default")
    for epoch in range(1, 4):
        rows = event_table([{"epoch": epoch}])
        assert lake.commit("events", rows, epoch)
    order = msgspec.json.decode(lake.write_order("events"))
    assert order["metadata"].keys().isdisjoint({"snapshots", "metadata-log", "snapshot-log"})


def test_days_that_are_not_live_wait(local: LakePlace) -> None:
    """As in a direct commit: a thousand days are one file."""
    lake = Lake(local, "default")
    order = lake.write_order("events", NOON_US // DAY + 1)
    written = _here(order, local, rows_of("a"))
    assert sorted(len(file.partition) for file in written.files) == [0, 1]
    assert lake.commit("events", [written], 1)
    assert lake.plan("events").rows == 20
