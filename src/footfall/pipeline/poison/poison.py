"""Poison: requests that end the process of whoever decodes them, or take too long, put aside.

Theory of operation. What takes too long is found in the process itself (`_batches`). What ends it
is counted (`_attempts`): after three deaths without progress, before anything else is read, the
requests that were worked on are tried in child processes (`_search`), in rounds, each of which gets
on. Those at fault are noted in the metadata database and are failed events from then on, in
previews and in every plan. No outcome stops the pipeline:

    some are at fault      put aside; more of them than one round may find, in further rounds
    none alone is          smaller micro-batches, an epoch after each, larger again with every epoch
    a plug-in, when loaded left out, its requests fail; each start looks whether it can be loaded
    the search itself      as if none were at fault

A process that ends while it recovers is counted apart: see `Pipeline.recover`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec

from footfall.clock import SECOND
from footfall.decode import decoders, leave_out, plug_ins
from footfall.log import LogSource
from footfall.pipeline._trouble import TroubleNote
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.poison.attempts import DEATHS, Attempts
from footfall.pipeline.poison.bounds import Late, in_time
from footfall.pipeline.poison.search import Found, Job
from footfall.positions import Place, Slice, hull
from footfall.request import LoggedRequest
from footfall.secret import reveal
from footfall.settings import PipelineSettings

_T = TypeVar("_T")
_TRIALS: Final = 32
"""Enough to find what is at fault in one micro-batch, after a round's time is over."""
_NOT_THEIR_FAULT: Final = (
    "; if nobody kills the process, raise pipeline.memory_max, or report this with the messages"
    " above"
)


_NOTHING: Final = Slice(0, 0, 0)
"""No request: then only plug-ins are looked at."""


class _Left(NamedTuple):
    """What a search has before it."""

    slice: Slice
    others: tuple[Slice, ...]


class Bound(Protocol):
    """Does work within a time (seconds); see `in_time`."""

    def __call__(self, seconds: float, work: Callable[[], _T], /) -> _T:
        """Raises `Late` if it takes longer."""
        ...


class PoisonWatch:
    """Counts deaths, bounds work, finds the requests at fault."""

    def __init__(
        self,
        attempts: Attempts,
        settings: PipelineSettings,
        log: LogSource,
        note: TroubleNote,
        bound: Bound = in_time,
    ) -> None:
        """Watch one project's pipeline; `bound` keeps its work within its time."""
        self._attempts = attempts
        self._settings = settings
        self._log = log
        self._note = note
        self._bound = bound
        note.leave_out(attempts.left_out)
        if attempts.deaths:
            note.say(
                f"the pipeline ended while it worked on {_named(attempts.suspects)} (deaths without"
                f" progress: {attempts.deaths}; from {DEATHS} on those at fault are looked for)"
            )

    # While working

    def working(self, requests: Sequence[Slice]) -> AbstractContextManager[None]:
        """Work on requests; to end meanwhile is a death of them."""
        return self._attempts.working(requests)

    @contextmanager
    def recovering(self) -> Iterator[int]:
        """Recover; how many processes ended while they did, since one did not."""
        deaths = self._attempts.recover_deaths
        with self._attempts.recovering():
            yield deaths

    def in_time(self, work: Callable[[], _T]) -> _T:
        """Do what runs decoders, in the time of a micro-batch.

        Raises:
            Late: it took longer.
        """
        return self._bound(self._settings.batch_time_max / SECOND, work)

    def progress(self, epoch: int) -> None:
        """An epoch was committed."""
        if self._attempts.progress(epoch):
            self._note.over()

    @property
    def halvings(self) -> int:
        """How often micro-batches are to be halved: after deaths that no request alone caused."""
        return self._attempts.halvings

    @property
    def is_redoing_fatal(self) -> bool:
        """Whether the process ended again and again while it recovered."""
        return self._attempts.recover_deaths >= DEATHS

    @property
    def left_out(self) -> tuple[str, ...]:
        """Protocols whose plug-in is not loaded."""
        return self._attempts.left_out

    def say(self, doing: str, suspects: Sequence[LoggedRequest] = ()) -> None:
        """Tell people what holds the pipeline up, and what is done about it."""
        self._note.say(doing, suspects)

    def put_aside(self, requests: Sequence[LoggedRequest]) -> None:
        """Tell people which requests were quarantined."""
        self._note.put_aside(requests)

    # At the start

    @property
    def is_due(self) -> bool:
        """Whether the process died often enough to look for the requests at fault."""
        return self._attempts.is_due

    def suspect(self, requests: Sequence[Slice]) -> None:
        """Look among these next, whoever died of them."""
        self._attempts.search_on(hull(requests))

    def search(
        self,
        rules: Rules,
        quarantined: Callable[[], tuple[Place, ...]],
        put_aside: Callable[[list[Place]], None],
        otherwise: str = "trying again in smaller parts",
    ) -> None:
        """Look for the requests at fault, and hand them to `put_aside` before deaths are forgotten.

        Args:
            rules: To decode with.
            quarantined: Those that are known.
            put_aside: Notes more of them, durably.
            otherwise: What is done if there are none, for people.
        """
        has_found = False
        suspects = self._attempts.suspects
        for number, suspect in enumerate(suspects or (_NOTHING,)):
            left = _Left(suspect, suspects[number + 1 :])
            has_found |= self._search_in(left, rules, quarantined, put_aside)
        if not has_found:
            advice = _NOT_THEIR_FAULT if self._attempts.searches else ""
            self.say(f"{_named(suspects)} pass by themselves; {otherwise}{advice}")
        self._attempts.searched(has_found=has_found)

    def _search_in(
        self,
        left: _Left,
        rules: Rules,
        quarantined: Callable[[], tuple[Place, ...]],
        put_aside: Callable[[list[Place]], None],
    ) -> bool:
        """Look in one partition, round after round; whether any was found."""
        has_found = False
        partition, start, end = since = left.slice
        while True:
            self._attempts.search_on([since, *left.others])
            self.say(f"looking for what ends the pipeline among {_named([since])}")
            found = self._run(self._job(rules, since, quarantined()))
            if found.plug_ins and not set(found.plug_ins) <= set(self.left_out):
                self._leave_out({*self.left_out, *found.plug_ins})
                continue
            if found.offsets:
                has_found = True
                places = [Place(partition, offset) for offset in found.offsets]
                put_aside(places)
                self.say(
                    f"{len(places)} requests end the process; they are failed events now,"
                    f" with reason poison: offsets {', '.join(map(str, places))}"
                )
            if found.log_to <= since.start or found.log_to >= end:
                return has_found
            since = Slice(partition, found.log_to, end)
            self.say(
                f"{found.log_to - start} of {end - start} requests were tried and there are more"
                " than one round finds (pipeline.poison_requests_max, poison_search_max): going on;"
                " mend or remove the plug-in that decodes them"
            )

    def load_decoders(self, rules: Rules) -> None:
        """Load all plug-ins that can be; one that was left out is tried again."""
        if self.left_out:
            self._leave_out(self._unloadable(rules))
        leave_out(self.left_out)
        with self.working(()):
            if not self._can_load():
                self._leave_out(self._unloadable(rules) or set(plug_ins()))
                leave_out(self.left_out)
                decoders()

    def _can_load(self) -> bool:
        try:
            self.in_time(decoders)
        except MemoryError:
            raise
        except (Late, Exception) as error:  # supervisor: whatever a plug-in does when it is loaded
            self.say(f"decoders cannot be loaded: {type(error).__name__}: {str(error)[:500]}")
            return False
        return True

    def _unloadable(self, rules: Rules) -> set[str]:
        return set(self._run(self._job(rules, _NOTHING, (), left_out=())).plug_ins)

    def _leave_out(self, protocols: set[str]) -> None:
        names = tuple(sorted(protocols))
        if names:
            self.say(
                "decoder plug-ins end the process when they are loaded, and are left out; mend or"
                f" remove them and start again: {', '.join(names)}"
            )
        self._attempts.leave_out(names)
        self._note.leave_out(names)

    def _job(
        self,
        rules: Rules,
        requests: Slice,
        quarantined: tuple[Place, ...],
        left_out: tuple[str, ...] | None = None,
    ) -> Job:
        partition, start, stop = requests
        known = (place.offset for place in quarantined if place.partition == partition)
        return Job(
            log=self._log,
            requests=requests,
            quarantined=tuple(offset for offset in known if start <= offset < stop),
            rules=rules,
            settings=self._settings,
            left_out=self.left_out if left_out is None else left_out,
        )

    def _run(self, job: Job) -> Found:
        """One round; nothing found if it cannot be run: the pipeline must go on."""
        command = [sys.executable, "-m", "footfall.pipeline.poison.search"]
        settings = self._settings
        seconds = settings.poison_search_max + _TRIALS * settings.batch_time_max
        try:
            done = subprocess.run(
                command,
                input=msgspec.json.encode(job, enc_hook=reveal),
                stdout=subprocess.PIPE,
                timeout=seconds / SECOND,
                check=True,
            )
            return msgspec.json.decode(done.stdout, type=Found)
        except (subprocess.SubprocessError, OSError, msgspec.DecodeError) as error:
            self.say(f"what ends the pipeline could not be looked for: {error}")
            return Found((), job.requests.stop)


def _named(slices: Sequence[Slice]) -> str:
    return " and ".join(str(one) for one in slices if one.requests) or "the decoders"
