"""What a disk may hold after a power cut, given what processes had done until then.

The model. A *sync* of a file makes durable the writes and sizes of that file that had ended when it
began; a sync of a directory, the names created, renamed and removed in it. Everything else is
*pending* and may be on the disk or not:

- a pending write: whole, not at all, or torn: any of its 512-byte sectors, the others as before;
- a pending change of size: kept or lost; a file that is longer than its bytes reads as zeros there;
- a pending name: kept or lost, each by itself; a rename is one step, both names or neither;
- what lies in a directory whose own name was lost is lost with it, however often it was synced.

That is `strict`: no more than POSIX promises. `ordered` is what a journalling file system does
(ext4, data=ordered): names are kept in the order in which they were given, any sync keeps all names
before it, a rename over an existing file keeps the bytes of the new one, and of a file that was
never synced a beginning is kept. Every `ordered` state is also a `strict` one; it is drawn for
itself because real machines are there far more often.

Not in the model: a disk that lies about syncs, or loses what it once acknowledged; that is
corruption. Shared memory of SQLite (`-shm`) is garbage after a cut: SQLite makes it anew.

Sources: Pillai et al., "All File Systems Are Not Created Equal" (ALICE), OSDI 2014; Mohan et al.,
"Finding Crash-Consistency Bugs with Bounded Black-Box Crash Testing" (CrashMonkey), OSDI 2018;
fsync(2), rename(2); the kernel's documentation of ext4, "data mode" and "auto_da_alloc".
"""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from tests.powercut.trace import ROOT_INODE, Op

SECTOR_BYTES: Final = 512
NAMES: Final = frozenset({"create", "remove", "rename"})
CONTENT: Final = frozenset({"write", "resize"})
CORNERS: Final = ("nothing", "names", "content", "everything")
DRAWN: Final = ("strict", "ordered")

IsSync = Callable[[Op], bool]


class Tree(msgspec.Struct, frozen=True):
    """What the disk holds: bytes by path, `None` for a directory."""

    files: dict[str, bytes | None]

    @classmethod
    def read(cls, root: Path) -> Tree:
        """What lies below `root`."""
        return cls(
            {
                str(path.relative_to(root)): None if path.is_dir() else path.read_bytes()
                for path in root.rglob("*")
            }
        )

    def digest(self) -> str:
        """The same for equal trees; shared memory does not count."""
        total = hashlib.blake2b(digest_size=16)
        for path in sorted(self.files):
            data = self.files[path]
            if path.endswith("-shm"):
                continue
            total.update(path.encode() + (b"/" if data is None else hashlib.md5(data).digest()))  # noqa: S324
        return total.hexdigest()

    def write(self, root: Path) -> None:
        """Make `root` hold exactly this."""
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        for path in sorted(self.files):
            data = self.files[path]
            if data is None:
                (root / path).mkdir()
            elif path.endswith("-shm"):
                (root / path).write_bytes(b"\xa5" * 32768)
            else:
                (root / path).write_bytes(data)


def durable(ops: Sequence[Op], at: int, is_sync: IsSync) -> list[bool]:
    """Which of the first `at` operations a sync covers.

    Args:
        ops: In order.
        at: The power goes before operation `at`.
        is_sync: Which syncs count: to see what happens without one.
    """
    covered_before: dict[int, int] = {}
    found = [False] * at
    for place in range(at - 1, -1, -1):
        op = ops[place]
        if op.kind == "sync":
            if is_sync(op):
                covered_before[op.object] = max(covered_before.get(op.object, -1), op.started)
        else:
            found[place] = op.ended < covered_before.get(op.object, -1)
    return found


def after_cut(
    ops: Sequence[Op],
    at: int,
    variant: str,
    chance: random.Random,
    is_sync: IsSync = lambda _: True,
) -> Tree:
    """What the disk holds when the power goes before operation `at`.

    Args:
        ops: In order.
        at: 0 to the number of operations.
        variant: Of what is pending: `nothing` is kept, `names` only, `content` only, `everything`;
            or drawn from the `strict` or the `ordered` model.
        chance: Draws.
        is_sync: Which syncs count.
    """
    is_durable = durable(ops, at, is_sync)
    if variant == "ordered":
        kept = _ordered(ops, at, is_durable, chance, is_sync)
    else:
        kept = [
            whole or _keeps(op, variant, chance) for op, whole in zip(ops, is_durable, strict=False)
        ]
    is_torn = variant == "strict"
    contents: dict[int, bytearray] = {}
    names: dict[int, dict[str, int]] = {ROOT_INODE: {}}
    for place in range(at):
        op = ops[place]
        if op.kind == "create":
            (names if op.is_directory else contents).setdefault(
                op.inode,
                {} if op.is_directory else bytearray(),  # type: ignore[arg-type]
            )
        if not kept[place]:
            continue
        if op.kind in NAMES:
            _name(names[op.object], op)
        elif op.kind in CONTENT:
            torn = chance if is_torn and not is_durable[place] else None
            _content(contents[op.object], op, torn)
    found: dict[str, bytes | None] = {}
    _lay_out(names, contents, ROOT_INODE, "", found)
    return Tree(found)


def _keeps(op: Op, variant: str, chance: random.Random) -> bool:
    if variant == "everything":
        return True
    if variant == "names":
        return op.kind in NAMES
    if variant == "content":
        return op.kind in CONTENT
    return variant == "strict" and chance.random() < 0.5


def _ordered(
    ops: Sequence[Op],
    at: int,
    is_durable: Sequence[bool],
    chance: random.Random,
    is_sync: IsSync,
) -> list[bool]:
    """Names up to some point after the last sync of anything; of each file's bytes a beginning."""
    synced = max((op.started for op in ops[:at] if op.kind == "sync" and is_sync(op)), default=-1)
    pending = [p for p in range(at) if ops[p].kind in NAMES and ops[p].ended >= synced]
    last_name = chance.choice([-1, *pending])
    kept = list(is_durable)
    replaced: set[int] = set()
    known: set[tuple[int, str]] = set()
    for place in range(at):
        op = ops[place]
        if op.kind in NAMES and (op.ended < synced or place <= last_name):
            kept[place] = True
            if op.kind == "rename" and (op.object, op.to_name) in known:
                replaced.add(op.inode)
            known.add((op.object, op.to_name or op.name))
    ends: dict[int, int] = {}
    for place in range(at):
        op = ops[place]
        if op.kind in CONTENT and not is_durable[place]:
            ends.setdefault(op.object, chance.randrange(place, at + 1))
            kept[place] = op.object in replaced or place < ends[op.object]
    return kept


def _name(directory: dict[str, int], op: Op) -> None:
    if op.kind == "create":
        directory[op.name] = op.inode
    elif op.kind == "remove":
        directory.pop(op.name, None)
    else:
        if directory.get(op.name) == op.inode:
            del directory[op.name]
        directory[op.to_name] = op.inode


def _content(data: bytearray, op: Op, torn: random.Random | None) -> None:
    if op.kind == "resize":
        if op.offset < len(data):
            del data[op.offset :]
        else:
            data.extend(bytes(op.offset - len(data)))
        return
    end = op.offset + len(op.data)
    if end > len(data):
        data.extend(bytes(end - len(data)))
    if torn is None or torn.random() < 0.5:
        data[op.offset : end] = op.data
        return
    for sector in range(op.offset // SECTOR_BYTES, (end - 1) // SECTOR_BYTES + 1):
        if torn.random() < 0.5:
            low = max(sector * SECTOR_BYTES, op.offset)
            high = min((sector + 1) * SECTOR_BYTES, end)
            data[low:high] = op.data[low - op.offset : high - op.offset]


def _lay_out(
    names: dict[int, dict[str, int]],
    contents: dict[int, bytearray],
    directory: int,
    prefix: str,
    found: dict[str, bytes | None],
) -> None:
    for name, inode in names[directory].items():
        path = f"{prefix}{name}"
        if inode in names:
            found[path] = None
            _lay_out(names, contents, inode, f"{path}/", found)
        else:
            found[path] = bytes(contents[inode])
