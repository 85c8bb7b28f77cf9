"""Poison: requests that end the process of whoever decodes them, found and put aside.

Theory of operation. Deaths without progress are counted (`_attempts`). After three of them, before
anything else is read, the requests that were worked on are searched in child processes (`_search`),
and those at fault are noted in the metadata database: from then on they are failed events, in
previews and in every plan. A search that finds none lets the pipeline try again, as often as it
takes: it may have been killed from outside, on a slow machine before it got on, and from the second
search on it says what else may be the cause. It stops with one sentence when no request alone is to
blame but all together are, when too many are, or when the search takes too long: then the plug-in
is, and a person has to mend it. Each start looks again, so nobody has to say when it was mended.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import msgspec

from footfall.clock import SECOND
from footfall.errors import LimitReached, Unavailable
from footfall.pipeline._attempts import Attempts
from footfall.pipeline._bounds import bounded_time
from footfall.pipeline._plan import Rules
from footfall.pipeline._search import Found, Job
from footfall.settings import PipelineSettings

DEATHS: Final = 3
"""Without progress; then the requests at fault are looked for."""
_LATE_SECONDS: Final = 30
"""Beyond its own bound, before a search is ended from outside."""
_NOT_THEIR_FAULT: Final = (
    "if nobody kills the process, raise pipeline.memory_max, or report this with the messages above"
)


class PoisonWatch:
    """Counts deaths, bounds work, finds the requests at fault."""

    def __init__(
        self,
        attempts: Attempts,
        settings: PipelineSettings,
        log_dir: Path,
        report: Callable[[str], None],
        *,
        is_bounding: bool = True,
    ) -> None:
        """Watch one project's pipeline; without bounds where it is not a process of its own."""
        self._attempts = attempts
        self._settings = settings
        self._log_dir = log_dir
        self._report = report
        self._is_bounding = is_bounding
        if attempts.deaths:
            start, end = attempts.suspects
            report(
                f"the pipeline ended while it worked on requests {start} to {end - 1}"
                f" (deaths without progress: {attempts.deaths}; from {DEATHS} on those at fault"
                " are looked for)"
            )

    @contextmanager
    def working(self, log_from: int, log_to: int) -> Iterator[None]:
        """Work on requests [log_from, log_to); to end meanwhile is a death of them."""
        with self._attempts.working(log_from, log_to):
            yield

    @contextmanager
    def decoding(self, log_from: int, log_to: int) -> Iterator[None]:
        """As `working`, for what runs plug-ins: in bounded time."""
        seconds = self._settings.batch_time_max / SECOND
        bound = bounded_time(seconds) if self._is_bounding else nullcontext()
        with self.working(log_from, log_to), bound:
            yield

    def progress(self, epoch: int) -> None:
        """An epoch was committed."""
        self._attempts.progress(epoch)

    @property
    def is_due(self) -> bool:
        """Whether the process died often enough to look for the requests at fault."""
        return self._attempts.deaths >= DEATHS

    def search(
        self, rules: Rules, quarantined: tuple[int, ...], report_to: Callable[[list[int]], None]
    ) -> None:
        """Look for the requests at fault, and hand them to `report_to` before deaths are forgotten.

        Raises:
            LimitReached: a person has to mend the plug-in, or a setting; the next start looks
                again.
            Unavailable: the search itself could not run; try again.
        """
        start, end = self._attempts.suspects
        self._report(f"looking for the requests at fault among {start} to {end - 1}")
        found = self._run(
            Job(
                log_dir=str(self._log_dir),
                log_from=start,
                log_to=end,
                quarantined=quarantined,
                rules=rules,
                batch_requests_max=self._settings.micro_batch_requests_max,
                batch_bytes_max=self._settings.micro_batch_bytes_max,
                memory_max=self._settings.memory_max,
                batch_time_max=self._settings.batch_time_max,
                requests_max=self._settings.poison_requests_max,
                search_time_max=self._settings.poison_search_max,
            )
        )
        if found.verdict == "found":
            report_to(list(found.offsets))
            self._report(
                f"{len(found.offsets)} requests end the process; they are failed events now, with"
                f" reason poison: offsets {', '.join(map(str, found.offsets))}"
            )
            self._attempts.searched(has_found=True)
        elif found.verdict == "innocent":
            advice = f"; {_NOT_THEIR_FAULT}" if self._attempts.searches else ""
            self._report(f"requests {start} to {end - 1} pass by themselves; trying again{advice}")
            self._attempts.searched(has_found=False)
        else:
            raise LimitReached(f"{_cure(found, self._settings)}: requests {start} to {end - 1}")

    def _run(self, job: Job) -> Found:
        command = [sys.executable, "-m", "footfall.pipeline._search"]
        seconds = job.search_time_max / SECOND + _LATE_SECONDS
        try:
            done = subprocess.run(
                command,
                input=msgspec.json.encode(job),
                stdout=subprocess.PIPE,
                timeout=seconds,
                check=True,
            )
            return msgspec.json.decode(done.stdout, type=Found)
        except (subprocess.SubprocessError, OSError, msgspec.DecodeError) as error:
            raise Unavailable(
                f"the requests at fault could not be looked for; try again: {error}"
            ) from error


def _cure(found: Found, settings: PipelineSettings) -> str:
    """What a person has to do."""
    match found.verdict:
        case "plug-ins":
            return "a decoder plug-in ends the process when it is loaded; mend or remove it"
        case "too many":
            return (
                f"more than {settings.poison_requests_max} requests end the pipeline"
                " (pipeline.poison_requests_max); mend or remove the plug-in that decodes them"
            )
        case "too long":
            return (
                "looking for the requests that end the pipeline takes longer than"
                " pipeline.poison_search_max; mend or remove the plug-in that decodes them"
            )
        case _:
            return (
                "the pipeline ends at requests of which none ends it alone; raise"
                " pipeline.memory_max or mend the plug-in that decodes them"
            )
