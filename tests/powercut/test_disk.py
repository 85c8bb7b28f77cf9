"""The model of the disk, on recordings written by hand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.powercut.disk import after_cut
from tests.powercut.trace import Recording


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def _recording(tmp_path: Path, *lines: str) -> Recording:
    """Texts in quotes become what strace -xx prints."""
    file = tmp_path / "strace.out"
    with file.open("w") as stream:
        for line in lines:
            parts = line.split('"')
            parts[1::2] = [_hex(text) for text in parts[1::2]]
            stream.write('"'.join(parts) + "\n")
    return Recording.read(file, Path("/place"))


CREATE = '1 openat(AT_FDCWD, "/place/a", O_WRONLY|O_CREAT|O_CLOEXEC, 0666) = 3'
OPEN_DIRECTORY = '1 openat(AT_FDCWD, "/place", O_RDONLY|O_DIRECTORY|O_CLOEXEC) = 4'


def _after(recording: Recording, variant: str, seed: int = 0) -> dict[str, bytes | None]:
    chance = random.Random(seed)  # noqa: S311
    return after_cut(recording.ops, len(recording.ops), variant, chance).files


def test_a_synced_file_is_lost_with_its_name(tmp_path: Path) -> None:
    """A file's sync does not keep its name; its directory's does."""
    lines = [CREATE, '1 write(3, "xyz", 3) = 3', "1 fsync(3) = 0"]
    assert _after(_recording(tmp_path, *lines), "nothing") == {}
    lines += [OPEN_DIRECTORY, "1 fsync(4) = 0"]
    assert _after(_recording(tmp_path, *lines), "nothing") == {"a": b"xyz"}


def test_a_name_may_outlive_the_bytes(tmp_path: Path) -> None:
    """The classic: written, renamed over the old one, never synced."""
    recording = _recording(
        tmp_path,
        CREATE,
        '1 write(3, "xyz", 3) = 3',
        '1 rename("/place/a", "/place/b") = 0',
    )
    assert _after(recording, "names") == {"b": b""}
    assert _after(recording, "content") == {}
    assert _after(recording, "everything") == {"b": b"xyz"}


def test_a_number_is_free_when_its_close_begins(tmp_path: Path) -> None:
    """Two threads: one is given the number of a file whose close, of the other, has not ended."""
    recording = _recording(
        tmp_path,
        CREATE,
        "1 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 2",
        "1 close(3 <unfinished ...>",
        '2 openat(AT_FDCWD, "/place/b", O_WRONLY|O_CREAT|O_CLOEXEC, 0666) = 3',
        "1 <... close resumed>) = 0",
        '2 write(3, "xyz", 3) = 3',
    )
    assert _after(recording, "everything") == {"a": b"", "b": b"xyz"}


def test_a_sync_covers_what_ended_before_it_began(tmp_path: Path) -> None:
    """A write beside a running sync is not promised anything by it."""
    recording = _recording(
        tmp_path,
        CREATE,
        OPEN_DIRECTORY,
        "1 fsync(4) = 0",
        '1 pwrite64(3, "old", 3, 0) = 3',
        "1 fdatasync(3 <unfinished ...>",
        '2 pwrite64(3, "new", 3, 0) = 3',
        "1 <... fdatasync resumed>) = 0",
    )
    # Process 2 is no thread of 1: its 3 is not this file.
    assert _after(recording, "everything") == {"a": b"old"}
    shared = _recording(
        tmp_path,
        CREATE,
        OPEN_DIRECTORY,
        "1 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 2",
        "1 fsync(4) = 0",
        '1 pwrite64(3, "old", 3, 0) = 3',
        "1 fdatasync(3 <unfinished ...>",
        '2 pwrite64(3, "new", 3, 0) = 3',
        "1 <... fdatasync resumed>) = 0",
    )
    assert _after(shared, "nothing") == {"a": b"old"}
    assert _after(shared, "everything") == {"a": b"new"}


def test_descriptors_are_followed(tmp_path: Path) -> None:
    """Duplicated, inherited by a fork, closed by exec; a renamed file stays the same file."""
    recording = _recording(
        tmp_path,
        CREATE,
        "1 dup2(3, 9) = 9",
        "1 close(3) = 0",
        "1 vfork() = 5",
        '5 execve("/bin/x", ["x"], 0x7ffe) = 0',
        '5 write(3, "not here", 8) = 8',
        '5 write(9, "by name", 7) = 7',
        '1 rename("/place/a", "/place/b") = 0',
        '1 write(9, " or not", 7) = 7',
    )
    assert _after(recording, "everything") == {"b": b"by name or not"}


def test_torn_writes_are_cut_at_sectors(tmp_path: Path) -> None:
    """Any of its sectors may be there, each whole; the draws reach many different disks."""
    recording = _recording(
        tmp_path,
        CREATE,
        OPEN_DIRECTORY,
        "1 fsync(4) = 0",
        f'1 write(3, "{"x" * 2048}", 2048) = 2048',
    )
    seen = {_after(recording, "strict", seed)["a"] for seed in range(300)}
    sectors = {b"x" * 512, bytes(512)}
    for data in seen:
        assert data is not None
        assert {data[at : at + 512] for at in range(0, len(data), 512)} <= sectors
    assert len(seen) == 2 + 2**4 - 1  # nothing at all; whole, or any sectors of four


def test_ordered_names_are_a_beginning(tmp_path: Path) -> None:
    """A journal never has the second name without the first; POSIX may."""
    recording = _recording(
        tmp_path,
        CREATE,
        '1 mkdir("/place/d", 0777) = 0',
        '1 unlink("/place/a") = 0',
    )
    ordered = {frozenset(_after(recording, "ordered", seed)) for seed in range(50)}
    assert ordered == {frozenset(), frozenset("a"), frozenset("ad"), frozenset("d")}
    strict = {frozenset(_after(recording, "strict", seed)) for seed in range(50)}
    assert strict >= ordered


@pytest.mark.parametrize(
    "line",
    [
        '1 link("/place/a", "/place/b") = 0',
        "1 copy_file_range(7, NULL, 3, NULL, 100, 0) = 100",
        "1 io_uring_setup(256, {flags=0}) = 7",
        "1 syncfs(4) = 0",
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, line: str) -> None:
    """A recording with holes would prove nothing."""
    with pytest.raises(AssertionError):
        _recording(tmp_path, CREATE, line)
