"""All consumers of a project: ours, and those of installed packages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from importlib import metadata
from typing import Final

from footfall.clock import Clock, SystemClock
from footfall.home import Home
from footfall.lake import Lake
from footfall.metadata import Metadata
from footfall.pipeline.consumers.committed import EpochReader
from footfall.pipeline.consumers.contract import ConsumerPlace, EpochConsumer
from footfall.pipeline.consumers.live import LiveCounters
from footfall.pipeline.consumers.mailbox import Committed, Item, Mailbox
from footfall.pipeline.consumers.needs import still_needed
from footfall.pipeline.consumers.notes import ConsumerNotes, Needs, consumers_dir
from footfall.pipeline.consumers.results import CONTINUOUS, ShownResults
from footfall.pipeline.consumers.runner import MakeConsumer, Runner
from footfall.positions import Positions
from footfall.settings import ConsumerSettings, Settings

ENTRY_POINT_GROUP: Final = "footfall.consumers"
LIVE: Final = "live"
OURS: Final[Mapping[str, str]] = {
    "alerts": "footfall.alerts.consumer:make",
    CONTINUOUS: "footfall.continuous.consumer:make",
    "deliver": "footfall.deliver.consumer:make",
    "crawls": "footfall.catalog.crawls.consumer:make",
    "segments": "footfall.explore.segments.consumer:make",
}
"""Consumers that come with Footfall, beside the live counters: what makes each, by name. As text,
because they stand above the pipeline and use what it does not know. What makes one is cheap to load
and idle as long as nothing is asked of it."""
STOP_SECONDS_MAX: Final = 2.0
"""How long a stop waits for consumers; they go on with the next start."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Consumers:
    """Starts them, and passes on what the pipeline does; nothing here waits for one of them."""

    def __init__(
        self,
        home: Home,
        project: str,
        settings: ConsumerSettings,
        metadata: Metadata,
        open_lake: Callable[[], Lake],
        clock: Clock,
        report: Callable[[str], None],
        others: Mapping[str, MakeConsumer] | None = None,
        installation: Settings | None = None,
        *,
        default: str = "gap",
        is_previewed: bool = True,
    ) -> None:
        """Start none yet; `others` are run beside the live counters.

        `installation` is what consumers are told of all settings, and `settings` are about them;
        `default` is the name of the default session definition; with `is_previewed` false sessions
        that closed are those of committed epochs.
        """
        self._default = default
        self._committed_as = None if is_previewed else default
        self._home = home
        self._project = project
        self._settings = settings
        self._metadata = metadata
        self._open_lake = open_lake
        self._clock = clock
        self._report = report
        self._installation = installation
        self._directory = consumers_dir(home, project)
        self.results = ShownResults(self._directory)
        """Of continuous queries."""
        self._make: dict[str, MakeConsumer] = {**(others or {}), LIVE: self._live}
        self._runners: list[Runner] = []

    def start(self, epoch: int, log_to: Positions) -> None:
        """Run all, each from where it was; `epoch` is the last one committed."""
        begins = Committed(epoch, log_to)
        for name, make in self._make.items():
            if _NAME.fullmatch(name) is None:
                self._report(
                    f"a consumer is not run; its name may have letters, digits, _ and -: {name!r}"
                )
                continue
            runner = Runner(
                name,
                make,
                ConsumerNotes(self._directory / name),
                Mailbox(self._settings.queue_bytes_max, begins),
                lambda: EpochReader(self._project, self._metadata, self._open_lake),
                self._home,
                self._project,
                self._settings,
                self._clock,
                self._report,
                self._installation,
                self._committed_as,
            )
            self._runners.append(runner)

    def put(self, item: Item) -> None:
        """Pass on a micro-batch, an epoch or progress; takes microseconds."""
        for runner in self._runners:
            runner.mailbox.put(item)

    @property
    def want_sessions(self) -> bool:
        """Whether any of them has use for sessions that closed."""
        return any(runner.mailbox.takes_sessions for runner in self._runners)

    def still_needed(self) -> Needs:
        """What has to stay for them; see `needs`."""
        return still_needed(
            self._directory, self._metadata, self._project, self._settings, self._clock
        )

    def settle(self, seconds: float = STOP_SECONDS_MAX) -> bool:
        """Give all a moment to take what waits; whether they did."""
        left = _Countdown(seconds)
        settled = [runner.mailbox.settle(left()) for runner in self._runners]
        return all(settled)

    def close(self) -> None:
        """End their threads; one that hangs is left behind, and holds nobody up."""
        for runner in self._runners:
            runner.mailbox.close()
        left = _Countdown(STOP_SECONDS_MAX)
        for runner in self._runners:
            runner.join(left())

    def _live(self, place: ConsumerPlace) -> EpochConsumer:
        shown = self._metadata
        share = partial(shown.publish, self._project) if shown.is_shared else None
        with closing(self._open_lake()) as lake:
            return LiveCounters(place, lake, self._report, share, self._default)


class _Countdown:
    """How many of some seconds are left, of real time: threads do not wait by a test's clock."""

    def __init__(self, seconds: float) -> None:
        self._clock = SystemClock()
        self._until = self._clock.monotonic() + seconds

    def __call__(self) -> float:
        return max(0.0, self._until - self._clock.monotonic())


def plug_ins() -> dict[str, MakeConsumer]:
    """Ours, and those of installed packages; each is loaded by its own thread."""
    ours = [metadata.EntryPoint(name, place, ENTRY_POINT_GROUP) for name, place in OURS.items()]
    points = [*metadata.entry_points(group=ENTRY_POINT_GROUP), *ours]  # of one name, ours
    return {point.name: _loading(point) for point in points}


def _loading(point: metadata.EntryPoint) -> MakeConsumer:
    def make(place: ConsumerPlace) -> EpochConsumer:
        found: EpochConsumer = point.load()(place)
        return found

    return make
