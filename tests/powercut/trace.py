"""What processes did to files below one directory, from an strace of them, in the order it counts.

Lines of strace come when a call ends; a call that was overtaken has one line for its start and one
for its end. Each operation here knows both, because a sync covers only what had ended when it
began. Descriptors are followed per process (opened, duplicated, inherited, closed by `execve`), so
that a write is known by the file and not by a name it may have lost.

What cannot be followed (an unknown way to write to a file below the root) stops the parser: a
recording with holes would prove nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

SYSCALLS: Final = (
    "open,openat,creat,close,close_range,dup,dup2,dup3,fcntl,lseek,"
    "write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendfile,copy_file_range,splice,"
    "fsync,fdatasync,sync_file_range,sync,syncfs,truncate,ftruncate,fallocate,mmap,"
    "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,"
    "clone,clone3,fork,vfork,execve,chdir,fchdir,io_uring_setup"
)
ACKNOWLEDGED: Final = b"HTTP/1.1 200"
ROOT_INODE: Final = 0
_BIRTHS: Final = frozenset({"clone", "clone3", "fork", "vfork"})


class Op(msgspec.Struct, frozen=True):
    """One operation that counts; `object` is the inode that a sync must name to make it durable."""

    kind: str
    """create, remove, rename, write, resize, sync, acknowledge."""
    started: int
    ended: int
    """Line numbers of the recording."""
    process: int
    path: str
    """Relative to the root, as it was then; for reading and for telling syncs apart."""
    object: int
    """The file of a write, resize or sync; the directory of a create, remove or rename."""
    inode: int = -1
    """What a create or rename gives a name."""
    name: str = ""
    to_name: str = ""
    is_directory: bool = False
    offset: int = 0
    """Of a write; the size of a resize."""
    data: bytes = b""


class _Open:
    """An open file description; descriptors that were duplicated or inherited share it."""

    def __init__(self, inode: int, flags: str) -> None:
        self.inode = inode
        self.position = 0
        self.is_append = "O_APPEND" in flags
        self.is_read_write = "O_RDWR" in flags


class _Process:
    def __init__(self) -> None:
        self.files: dict[int, _Open] = {}
        self.closing: set[int] = set()
        """Descriptors that `execve` closes."""

    def forked(self) -> _Process:
        other = _Process()
        other.files, other.closing = dict(self.files), set(self.closing)
        return other


class _Line(msgspec.Struct, frozen=True):
    started: int
    ended: int
    thread: int
    name: str
    arguments: str
    result: int


_START: Final = re.compile(r"^(\d+) +(\w+)\((.*)$", re.DOTALL)
_RESUMED: Final = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
_UNFINISHED: Final = "<unfinished ...>"
_END: Final = re.compile(r"\) += (-?\d+|0x[0-9a-f]+|\?)[^)\"]*(?:\([^)]*\))?$")
_STRING: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_IOV: Final = re.compile(r'iov_base="((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


def lines_of(text: Iterator[str]) -> Iterator[_Line]:
    """Calls, ordered by their ends; one that its thread died in comes last, with result -1."""
    waiting: dict[int, tuple[int, str, str]] = {}
    for number, raw in enumerate(text):
        line = raw.rstrip("\n")
        resumed = _RESUMED.match(line)
        if resumed:
            thread = int(resumed[1])
            started, name, before = waiting.pop(thread)
            assert name == resumed[2], f"another call resumed: {line[:200]}"
            yield from _finished(started, number, thread, name, before + resumed[3])
            continue
        start = _START.match(line)
        if not start:
            continue  # signals, exits
        thread, name, rest = int(start[1]), start[2], start[3]
        if rest.endswith(_UNFINISHED):
            waiting[thread] = (number, name, rest.removesuffix(_UNFINISHED).rstrip())
        else:
            yield from _finished(number, number, thread, name, rest)
    for thread, (number, name, before) in waiting.items():
        yield _Line(number, sys.maxsize, thread, name, before, -1)


def _effect(line: _Line) -> int:
    """When a call counts: `close` frees its number first, for another thread perhaps."""
    return line.started if line.name == "close" else line.ended


def _finished(started: int, ended: int, thread: int, name: str, rest: str) -> Iterator[_Line]:
    end = _END.search(rest)
    if end is None:
        return
    if end[1] == "?":
        yield _Line(started, sys.maxsize, thread, name, rest[: end.start()], -1)
        return
    result = int(end[1], 0)
    if result >= 0:
        yield _Line(started, ended, thread, name, rest[: end.start()], result)


def _bytes(pattern: re.Pattern[str], text: str) -> list[bytes]:
    found = []
    for match in pattern.finditer(text):
        assert match[2] is None, "strace cut data short; raise its -s"
        found.append(bytes.fromhex(match[1].replace("\\x", "")))
    return found


class Recording:
    """Follows names, inodes and descriptors, and makes `ops`."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.ops: list[Op] = []
        self.mapped: set[str] = set()
        """Files that were mapped for writing: their content is not known here."""
        self.interrupted: set[str] = set()
        """Files that a thread died over: the call may have had its effect or not."""
        self.acknowledgements = 0
        self._processes: dict[int, _Process] = {}
        self._leader: dict[int, int] = {}
        self._children: dict[int, dict[str, int]] = {ROOT_INODE: {}}
        self._where: dict[int, tuple[int, str]] = {}
        self._sizes: dict[int, int] = {}
        self._next = 1

    @classmethod
    def read(cls, file: Path, root: Path) -> Recording:
        """Parse a recording made by `record`."""
        recording = cls(root)
        with file.open(encoding="ascii") as stream:
            lines = sorted(lines_of(stream), key=_effect)
        # A child's first calls may end before the call that made it.
        for line in lines:
            if line.name in _BIRTHS and "CLONE_THREAD" in line.arguments:
                recording._leader[line.result] = line.thread
        born = {
            line.result: line
            for line in lines
            if line.name in _BIRTHS and "CLONE_THREAD" not in line.arguments
        }
        for line in lines:
            if line.thread in born and recording._process_of(line.thread) not in (
                recording._processes
            ):
                recording._fork(born.pop(line.thread))
            recording._take(line)
        recording.ops.sort(key=lambda op: op.started if op.kind == "acknowledge" else op.ended)
        return recording

    def _process_of(self, thread: int) -> int:
        while thread in self._leader:
            thread = self._leader[thread]
        return thread

    def _fork(self, line: _Line) -> None:
        parent = self._process(line.thread)
        self._processes[line.result] = parent.forked()

    def _process(self, thread: int) -> _Process:
        return self._processes.setdefault(self._process_of(thread), _Process())

    def _take(self, line: _Line) -> None:
        if line.result < 0:
            self._die(line)
            return
        handler = getattr(self, f"_on_{line.name}", None)
        if handler is not None:
            handler(line)

    def _die(self, line: _Line) -> None:
        found = self._resolve(line.arguments, line)
        self.interrupted |= {place[2] for place in found if place is not None}
        descriptor = re.match(r"\d+", line.arguments)
        opened = self._process(line.thread).files.get(int(descriptor[0])) if descriptor else None
        if opened is not None and not found:
            self.interrupted.add(self._path_of(opened.inode))

    # Names

    def _resolve(self, arguments: str, line: _Line) -> list[tuple[int, str, str] | None]:
        """Each path among the arguments as (directory, name, relative path); `None` outside."""
        found: list[tuple[int, str, str] | None] = []
        for match in re.finditer(r'(?:(AT_FDCWD|\d+), )?"((?:\\x[0-9a-f]{2})*)"', arguments):
            path = bytes.fromhex(match[2].replace("\\x", "")).decode()
            base = self._base(match[1], line)
            if path.startswith("/"):
                relative = path.removeprefix(self._root + "/") if path != self._root else ""
                found.append(None if relative == path else self._walk(ROOT_INODE, relative))
            elif base is not None:
                found.append(self._walk(base, path))
            else:
                found.append(None)
        return found

    def _base(self, text: str | None, line: _Line) -> int | None:
        if text is None or text == "AT_FDCWD":
            return None
        opened = self._process(line.thread).files.get(int(text))
        return None if opened is None else opened.inode

    def _walk(self, directory: int, relative: str) -> tuple[int, str, str] | None:
        parts = [part for part in relative.split("/") if part not in ("", ".")]
        if not parts:
            return None
        for part in parts[:-1]:
            below = self._children.get(directory, {}).get(part)
            if below is None:
                return None
            directory = below
        return directory, parts[-1], self._path(directory, parts[-1])

    def _path(self, directory: int, name: str) -> str:
        parts = [name]
        while directory != ROOT_INODE:
            directory, part = self._where[directory]
            parts.append(part)
        return "/".join(reversed(parts))

    def _path_of(self, inode: int) -> str:
        if inode == ROOT_INODE:
            return "."
        return self._path(*self._where[inode])

    def _add(self, line: _Line, kind: str, object_: int, path: str, **more: object) -> None:
        process = self._process_of(line.thread)
        self.ops.append(Op(kind, line.started, line.ended, process, path, object_, **more))  # type: ignore[arg-type]

    # Opening and closing

    def _on_openat(self, line: _Line) -> None:
        place = self._resolve(line.arguments, line)[0]
        flags = line.arguments.rsplit('"', 1)[1]
        process = self._process(line.thread)
        process.files.pop(line.result, None)
        if "O_TMPFILE" in flags:
            return  # it has no name, so a cut leaves nothing of it
        if self._opens_root(line.arguments):
            process.files[line.result] = _Open(ROOT_INODE, flags)
            process.closing.add(line.result)
            return
        if place is None:
            return
        directory, name, path = place
        inode = self._children[directory].get(name)
        if inode is None:
            assert "O_CREAT" in flags, f"opened what was never created: {path}"
            inode = self._create(line, directory, name, path, is_directory=False)
        elif "O_TRUNC" in flags and self._sizes.get(inode):
            self._sizes[inode] = 0
            self._add(line, "resize", inode, path)
        process.files[line.result] = _Open(inode, flags)
        (process.closing.add if "O_CLOEXEC" in flags else process.closing.discard)(line.result)

    _on_open = _on_creat = _on_openat

    def _opens_root(self, arguments: str) -> bool:
        paths = _bytes(_STRING, arguments)
        return bool(paths) and paths[0].decode().rstrip("/") == self._root

    def _create(
        self, line: _Line, directory: int, name: str, path: str, *, is_directory: bool
    ) -> int:
        inode, self._next = self._next, self._next + 1
        self._children[directory][name] = inode
        self._where[inode] = (directory, name)
        if is_directory:
            self._children[inode] = {}
        self._sizes[inode] = 0
        self._add(
            line, "create", directory, path, inode=inode, name=name, is_directory=is_directory
        )
        return inode

    def _on_close(self, line: _Line) -> None:
        self._process(line.thread).files.pop(int(line.arguments.strip()), None)

    def _on_close_range(self, line: _Line) -> None:
        first, last = (int(part) for part in line.arguments.split(", ")[:2])
        files = self._process(line.thread).files
        for descriptor in [number for number in files if first <= number <= last]:
            if "CLOEXEC" in line.arguments:
                self._process(line.thread).closing.add(descriptor)
            else:
                del files[descriptor]

    def _on_dup(self, line: _Line) -> None:
        self._duplicate(line, int(line.arguments.split(",")[0]))

    _on_dup2 = _on_dup3 = _on_dup

    def _on_fcntl(self, line: _Line) -> None:
        if "F_DUPFD" in line.arguments:
            self._duplicate(line, int(line.arguments.split(",")[0]))
        elif "F_SETFD" in line.arguments:
            process = self._process(line.thread)
            change = (
                process.closing.add if "FD_CLOEXEC" in line.arguments else (process.closing.discard)
            )
            change(int(line.arguments.split(",")[0]))

    def _duplicate(self, line: _Line, descriptor: int) -> None:
        process = self._process(line.thread)
        opened = process.files.get(descriptor)
        process.files.pop(line.result, None)
        if opened is not None:
            process.files[line.result] = opened
            is_closing = "CLOEXEC" in line.arguments
            (process.closing.add if is_closing else process.closing.discard)(line.result)

    def _on_execve(self, line: _Line) -> None:
        process = self._process(line.thread)
        for descriptor in process.closing:
            process.files.pop(descriptor, None)
        process.closing = set()

    # Content

    def _opened(self, line: _Line) -> _Open | None:
        head = line.arguments.split(",")[0].strip()
        return self._process(line.thread).files.get(int(head)) if head.isdigit() else None

    def _on_lseek(self, line: _Line) -> None:
        opened = self._opened(line)
        if opened is not None:
            opened.position = line.result

    def _on_write(self, line: _Line) -> None:
        data = b"".join(_bytes(_STRING, line.arguments))[: line.result]
        self._write(line, data)

    _on_sendto = _on_write

    def _on_writev(self, line: _Line) -> None:
        self._write(line, b"".join(_bytes(_IOV, line.arguments))[: line.result])

    _on_sendmsg = _on_writev

    def _write(self, line: _Line, data: bytes) -> None:
        opened = self._opened(line)
        if opened is None:
            if data.startswith(ACKNOWLEDGED):
                self._add(line, "acknowledge", -1, "", offset=self.acknowledgements)
                self.acknowledgements += 1
            return
        assert not opened.is_read_write or opened.is_append or not opened.position, (
            f"position not known: {self._path_of(opened.inode)}"
        )
        offset = self._sizes[opened.inode] if opened.is_append else opened.position
        self._put(line, opened.inode, offset, data)
        opened.position = offset + len(data)

    def _on_pwrite64(self, line: _Line) -> None:
        opened = self._opened(line)
        if opened is not None:
            data = b"".join(_bytes(_STRING, line.arguments))[: line.result]
            offset = int(line.arguments.rsplit(", ", 1)[1])
            self._put(line, opened.inode, offset, data)

    def _put(self, line: _Line, inode: int, offset: int, data: bytes) -> None:
        if data:
            self._sizes[inode] = max(self._sizes[inode], offset + len(data))
            self._add(line, "write", inode, self._path_of(inode), offset=offset, data=data)

    def _on_ftruncate(self, line: _Line) -> None:
        opened = self._opened(line)
        if opened is not None:
            self._resize(line, opened.inode, int(line.arguments.rsplit(", ", 1)[1]))

    def _on_truncate(self, line: _Line) -> None:
        place = self._resolve(line.arguments, line)[0]
        if place is not None:
            inode = self._children[place[0]][place[1]]
            self._resize(line, inode, int(line.arguments.rsplit(", ", 1)[1]))

    def _resize(self, line: _Line, inode: int, size: int) -> None:
        self._sizes[inode] = size
        self._add(line, "resize", inode, self._path_of(inode), offset=size)

    def _on_fallocate(self, line: _Line) -> None:
        opened = self._opened(line)
        if opened is not None:
            mode, offset, length = line.arguments.split(", ")[1:]
            assert mode == "0", f"fallocate that is not followed: {mode}"
            size = max(self._sizes[opened.inode], int(offset) + int(length))
            self._resize(line, opened.inode, size)

    def _on_mmap(self, line: _Line) -> None:
        parts = line.arguments.split(", ")
        if "PROT_WRITE" in parts[2] and "MAP_SHARED" in parts[3] and parts[4].isdigit():
            opened = self._process(line.thread).files.get(int(parts[4]))
            if opened is not None:
                self.mapped.add(self._path_of(opened.inode))

    def _unknown(self, line: _Line) -> None:
        """Other ways to write: nothing here uses them on files below the root."""
        process = self._process(line.thread)
        for head in re.findall(r"\b\d+\b", line.arguments):
            opened = process.files.get(int(head))
            assert opened is None, f"cannot follow {line.name} of {self._path_of(opened.inode)}"

    _on_sendfile = _on_copy_file_range = _on_splice = _on_pwritev = _on_pwritev2 = _unknown

    def _on_io_uring_setup(self, _: _Line) -> None:
        raise AssertionError("io_uring cannot be followed")

    # Syncs

    def _on_fsync(self, line: _Line) -> None:
        opened = self._opened(line)
        if opened is not None:
            self._add(line, "sync", opened.inode, self._path_of(opened.inode))

    _on_fdatasync = _on_fsync

    def _on_sync(self, _: _Line) -> None:
        raise AssertionError("a sync of everything hides which syncs matter")

    _on_syncfs = _on_sync
    # sync_file_range promises nothing after a power cut (its manual page): it is no sync here.

    # Names that come and go

    def _on_mkdir(self, line: _Line) -> None:
        place = self._resolve(line.arguments, line)[0]
        if place is not None:
            self._create(line, *place, is_directory=True)

    _on_mkdirat = _on_mkdir

    def _on_unlink(self, line: _Line) -> None:
        place = self._resolve(line.arguments, line)[0]
        if place is not None:
            directory, name, path = place
            del self._children[directory][name]
            self._add(line, "remove", directory, path, name=name)

    _on_unlinkat = _on_rmdir = _on_unlink

    def _on_rename(self, line: _Line) -> None:
        source, target = self._resolve(line.arguments, line)
        if source is None and target is None:
            return
        assert source is not None, f"moved in from outside: {line.arguments[:200]}"
        assert target is not None, f"moved out: {line.arguments[:200]}"
        assert source[0] == target[0], f"renamed to another directory: {source[2]} {target[2]}"
        directory, name, path = source
        inode = self._children[directory].pop(name)
        self._children[directory][target[1]] = inode
        self._where[inode] = (directory, target[1])
        self._add(line, "rename", directory, path, inode=inode, name=name, to_name=target[1])

    _on_renameat = _on_renameat2 = _on_rename

    def _on_link(self, line: _Line) -> None:
        places = [place for place in self._resolve(line.arguments, line) if place is not None]
        assert not places, f"links are not followed: {places}"

    _on_linkat = _on_symlink = _on_symlinkat = _on_link
