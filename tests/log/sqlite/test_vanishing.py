"""Readers of the log while its writer removes files under them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.log import SqliteLog
from footfall.log.sqlite.segments import list_bases, segment_file
from footfall.positions import Positions
from tests.vanish import after_first, vanishing

Open = Callable[[], SqliteLog]


def fill(log: SqliteLog, records: int) -> None:
    for _ in range(records):
        log.append([os.urandom(90)])


def test_write_ahead_log_goes_between_two_looks(tmp_path: Path, open_writer: Open) -> None:
    """The writer finishes a segment at any moment; a reader that opens it then reads on."""
    writer = open_writer()
    fill(writer, 12)
    directory = tmp_path / "log"
    first = segment_file(directory, list_bases(directory)[0])
    writer.close()
    wal = first.with_name(f"{first.name}-wal")
    wal.touch()
    with contextlib.closing(SqliteLog.reader(directory)) as reader, vanishing(wal):
        assert len(reader.read(0, records_max=100, bytes_max=1 << 20)) == 12


def test_write_ahead_log_goes_while_the_writer_starts(tmp_path: Path, open_writer: Open) -> None:
    """A backup that closes the last connection removes it."""
    writer = open_writer()
    fill(writer, 12)
    directory = tmp_path / "log"
    first = segment_file(directory, list_bases(directory)[0])
    writer.close()
    wal = first.with_name(f"{first.name}-wal")
    wal.touch()
    with vanishing(wal):
        again = open_writer()
    assert again.ends()[0] == 12


@pytest.mark.parametrize("kept", [12, 20])
def test_segments_are_trimmed_between_their_list_and_opening_them(
    tmp_path: Path, open_writer: Open, kept: int
) -> None:
    """Even the newest of the list, when the writer went on: the end is the new one."""
    writer = open_writer()
    fill(writer, 12)
    directory = tmp_path / "log"

    def go_on() -> None:
        fill(writer, 12)
        writer.trim(Positions((kept,)))

    with (
        contextlib.closing(SqliteLog.reader(directory)) as reader,
        after_first(os, "listdir", lambda path: Path(path) == directory, go_on),
    ):
        assert reader.ends()[0] == 24


def test_size_of_a_log_whose_files_go(tmp_path: Path, open_writer: Open) -> None:
    """What is gone takes nothing."""
    from footfall.log.sqlite.segments import offset_within

    writer = open_writer()
    fill(writer, 12)
    directory = tmp_path / "log"
    newest = segment_file(directory, list_bases(directory)[-1])
    wal = newest.with_name(f"{newest.name}-wal")
    writer.close()
    wal.touch()
    with vanishing(wal):
        assert offset_within(directory, 1 << 30) == list_bases(directory)[0]
