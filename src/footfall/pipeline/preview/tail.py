"""The tail: Arrow files of what is not in the lake yet, and the cut that names them.

A file is written once under a name of its own and named by cuts from then on; when no cut names it
any more it stays for `grace` (readers of an older cut may still open it), then goes; a plan file
that a reader holds, when it lets go.

Everything here is made again from the log and the lake at the next start, so nothing is synced but
plan files: maintenance, which reads all of them, must not be held up by a torn one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
from pyarrow import ipc

from footfall.clock import SECOND, Clock
from footfall.errors import Corrupt
from footfall.home import bytes_of, make_directory, write_atomically
from footfall.lake.cut import (
    PLAN_PREFIX,
    Cut,
    Plan,
    publish,
    read_cut,
    remove_plan,
)
from footfall.pipeline.preview.numbered import LOST_CUTS_MAX, NumberedFiles

_NUMBERED: Final = re.compile(r"[a-z0-9_.]+-(?:\d+-)?(\d{12})\.arrow")


class Tail(NumberedFiles):
    """Writer of one project's tail directory; one at a time."""

    def __init__(
        self,
        directory: Path,
        cut_file: Path,
        clock: Clock,
        grace: int,
        term: int = 0,
        bytes_max: int = 1 << 62,
    ) -> None:
        """Take over `directory`.

        Dropped files stay for `grace` microseconds, as many as `bytes_max` bytes of them.
        """
        make_directory(directory)
        super().__init__(term, _last_sequence(directory, cut_file))
        self._directory = directory
        self._cut_file = cut_file
        self._clock = clock
        self._grace = grace
        self._bytes_max = bytes_max
        self._dropped_at: dict[str, float] = {}

    def _write(self, name: str, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
        with ipc.new_file(self._directory / name, schema) as writer:
            for part in parts:
                writer.write_table(part)

    def write_plan(self, plan: Plan) -> str:
        """Write the list of data files of one snapshot; the same snapshot is written once.

        With other columns it is another file: who holds the one before holds it as it is.
        """
        data = msgspec.json.encode(plan)
        digest = zlib.crc32(msgspec.json.encode(plan.columns))
        name = f"{PLAN_PREFIX}{plan.table}-{plan.snapshot_id or 0}-{digest:08x}.json"
        file = self._directory / name
        if _read(file) != data:
            write_atomically(file, data, synced=True)
        return name

    def publish(self, cut: Cut) -> None:
        """Make `cut` what readers see."""
        publish(cut, self._cut_file)

    def sweep(self, cut: Cut) -> None:
        """Remove files that neither `cut` nor a reader of an older one can need any more.

        And those dropped first, where all that were dropped are more than `bytes_max`: a reader who
        comes too late for one takes the newest cut.
        """
        named = _named(cut) | self._kept
        now = self._clock.monotonic()
        for file in self._directory.iterdir():
            name = file.name
            if (
                name in named
                or not name.endswith((".arrow", ".json"))
                or _is_shared(file, self._cut_file)
            ):
                self._dropped_at.pop(name, None)
            elif now - self._dropped_at.setdefault(name, now) > self._grace / SECOND:
                self._drop(file)
        self._drop_beyond(self._bytes_max)

    def _drop(self, file: Path) -> None:
        if _remove(file):
            self._dropped_at.pop(file.name, None)

    def _drop_beyond(self, bytes_max: int) -> None:
        files = [self._directory / name for name in self._dropped_at if name.endswith(".arrow")]
        sizes = {file: bytes_of(file) for file in files}
        total = sum(sizes.values())
        for file in sorted(files, key=lambda file: (self._dropped_at[file.name], file.name)):
            if total <= bytes_max:
                return
            self._drop(file)
            total -= sizes[file]


def _last_sequence(directory: Path, cut_file: Path) -> int:
    """At least the newest cut's sequence, also when a power cut took that cut or tore it.

    Cuts between epochs are not synced, so after a power cut there may be an older one, or bytes
    that are none; files of the lost cuts that are still there are named after them.
    """
    named = (_NUMBERED.fullmatch(file.name) for file in directory.iterdir())
    newest = max((int(match[1]) for match in named if match), default=0)
    try:
        previous = read_cut(cut_file)
    except Corrupt:
        return newest + LOST_CUTS_MAX
    return newest if previous is None else max(newest, previous.sequence)


def _read(file: Path) -> bytes | None:
    """Its bytes; `None` if it is not there, or an older pipeline removes it just now."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _remove(file: Path) -> bool:
    if file.name.startswith(PLAN_PREFIX):
        return remove_plan(file)
    file.unlink(missing_ok=True)
    return True


def _is_shared(file: Path, cut_file: Path) -> bool:
    return file == cut_file or file.name.startswith((".", "live"))


def _named(cut: Cut) -> set[str]:
    return {*cut.plans.values(), *cut.tail_files()}
