"""What keeps the pipeline from getting on, said for people: `trouble.json` beside the checkpoints.

Written when something is tried, read by `footfall status`, `footfall doctor` and the studio, also
while the pipeline itself does not answer. Light to import.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from footfall.clock import Clock
from footfall.home import Home, write_atomically
from footfall.positions import Place
from footfall.request import LoggedRequest

NAMED_MAX: Final = 5
"""Requests that are named; there may be thousands of them."""
_TEXT_CHARS_MAX: Final = 200


class Suspect(msgspec.Struct, frozen=True):
    """A request that was named in connection with trouble."""

    offset: int
    request_id: str
    protocol: str
    app_id: str | None
    body_bytes: int
    partition: int = 0

    @classmethod
    def of(cls, logged: LoggedRequest) -> Suspect:
        """As it lies in the log; texts of strangers are cut."""
        request = logged.request
        app = request.app_id
        return cls(
            logged.offset,
            request.request_id.hex(),
            request.protocol[:_TEXT_CHARS_MAX],
            None if app is None else app[:_TEXT_CHARS_MAX],
            request.body_bytes,
            logged.partition,
        )

    def __str__(self) -> str:
        return (
            f"offset {Place(self.partition, self.offset)} (request {self.request_id},"
            f" protocol {self.protocol}, app {self.app_id or 'unknown'}, {self.body_bytes:,} bytes)"
        )


class Trouble(msgspec.Struct, frozen=True):
    """The last trouble there was, over or not."""

    since: int = 0
    """When it began, in microseconds."""
    doing: str = ""
    """What was found last and what is done about it, one sentence."""
    is_over: bool = True
    """An epoch was committed since."""
    suspects: tuple[Suspect, ...] = ()
    """Requests that are being looked at, at most five of them."""
    quarantined: tuple[Suspect, ...] = ()
    """Those put aside last, at most five, the newest last."""
    left_out: tuple[str, ...] = ()
    """Protocols whose plug-in cannot be loaded: their requests fail until it can."""

    def named_last(self) -> str:
        """The end of a sentence about requests that were put aside: those of the last ones."""
        return f"; the last: {'; '.join(map(str, self.quarantined))}" if self.quarantined else ""

    def lines(self, now_us: int) -> list[str]:
        """Sentences for people; none when all is well."""
        said = []
        if not self.is_over:
            seconds = max(0, now_us - self.since) // 1_000_000
            named = "; ".join(map(str, self.suspects))
            said.append(
                f"the pipeline has been held up for {seconds:,} s: {self.doing}"
                + (f"; it is at {named}" if named else "")
            )
        if self.left_out:
            said.append(
                "decoder plug-ins end the pipeline when they are loaded and are left out; their"
                " requests are failed events with reason poison until a start can load them:"
                f" {', '.join(self.left_out)}"
            )
        return said


def trouble_file(home: Home, project: str) -> Path:
    """Where a project's pipeline writes it."""
    return home.state_dir(project) / "trouble.json"


def read_trouble(file: Path) -> Trouble:
    """What is in the file; no trouble if there is none or it is torn: it is written anew."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Trouble)
    except (OSError, msgspec.DecodeError):
        return Trouble()


class TroubleNote:
    """The pipeline's side: says it on standard error and in the file."""

    def __init__(self, file: Path, clock: Clock, report: Callable[[str], None]) -> None:
        """Go on from what the process before left."""
        self._file = file
        self._clock = clock
        self._report = report
        self._known = read_trouble(file)

    def say(self, doing: str, suspects: Sequence[LoggedRequest] = ()) -> None:
        """Something keeps the pipeline from getting on, and this is done about it."""
        self._report(doing)
        known = self._known
        self._write(
            msgspec.structs.replace(
                known,
                since=self._clock.now_us() if known.is_over else known.since,
                doing=doing,
                is_over=False,
                suspects=tuple(map(Suspect.of, suspects[:NAMED_MAX])),
            )
        )

    def put_aside(self, requests: Sequence[LoggedRequest]) -> None:
        """These were quarantined."""
        for logged in requests:
            self._report(f"put aside: {Suspect.of(logged)}")
        known = (*self._known.quarantined, *map(Suspect.of, requests))[-NAMED_MAX:]
        self._write(msgspec.structs.replace(self._known, quarantined=known))

    def leave_out(self, protocols: tuple[str, ...]) -> None:
        """Plug-ins that are left out from now on; all others are not."""
        if protocols != self._known.left_out:
            self._write(msgspec.structs.replace(self._known, left_out=protocols))

    def over(self) -> None:
        """An epoch was committed."""
        if not self._known.is_over:
            self._write(msgspec.structs.replace(self._known, is_over=True, suspects=()))

    def _write(self, trouble: Trouble) -> None:
        """Not being able to costs a sentence, no event."""
        self._known = trouble
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, msgspec.json.encode(trouble))
