"""What a commit names is on stable storage before the catalog names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from footfall.lake import Lake
from footfall.lake.store.files import SyncedFileIO, local_path
from footfall.testing.events import event_table


def test_every_file_and_directory_of_a_commit_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyIceberg syncs nothing: a power cut would leave a catalog that names missing files."""
    synced: set[Path] = set()
    real_fsync = os.fsync

    def record(descriptor: int) -> None:
        synced.add(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    root = tmp_path / "lake"
    Lake(root, "default").commit("events", event_table([{}]), 1)
    unnamed = ("catalog.db", "catalog.lock", "default.writing.lock")
    written = {path for path in root.rglob("*") if not path.name.startswith(unnamed)}
    files = {path for path in written if path.is_file()}
    assert len(files) > 8  # data file, manifest, manifest list, metadata of six tables
    assert written - synced == set()


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("file:///lake/a%20b.parquet", Path("/lake/a b.parquet")),
        ("/lake/a.parquet", Path("/lake/a.parquet")),
        ("s3://bucket/a.parquet", None),
    ],
)
def test_local_path(location: str, path: Path | None) -> None:
    """Only local locations are synced by us."""
    assert local_path(location) == path


def test_output_refuses_to_replace_a_file(tmp_path: Path) -> None:
    """Files of the lake are written once; a name that exists is somebody's data."""
    file = tmp_path / "a.parquet"
    output = SyncedFileIO().new_output(f"file://{file}")
    with output.create() as stream:
        stream.write(b"once")
    assert (len(output), output.exists()) == (4, True)
    with pytest.raises(FileExistsError):
        output.create()
    assert file.read_bytes() == b"once"
