"""What a project's pipeline is made of, and a driver that has an engine elsewhere do its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from footfall.clock import Clock
from footfall.home import Home
from footfall.lake import Lake, LakePlace
from footfall.log import Log, LogSource
from footfall.machine.process import FileLock
from footfall.metadata import Metadata
from footfall.pipeline._lease import WriterLease, take
from footfall.pipeline._trouble import TroubleNote, trouble_file
from footfall.pipeline.consumers.consumers import Consumers
from footfall.pipeline.consumers.runner import MakeConsumer
from footfall.pipeline.feed.decode_ahead import DecodeAhead
from footfall.pipeline.feed.feed import Feed
from footfall.pipeline.poison.attempts import Attempts
from footfall.pipeline.poison.bounds import unbounded
from footfall.pipeline.poison.poison import Bound, PoisonWatch
from footfall.pipeline.preview.committed import publisher_of, tail_of
from footfall.pipeline.preview.publisher import Publisher
from footfall.settings import Settings


class Parts(msgspec.Struct, frozen=True):
    """Of one project; who has them is the only writer of its lake and state."""

    project: str
    settings: Settings
    log: Log
    lake: Lake
    metadata: Metadata
    publisher: Publisher
    consumers: Consumers
    clock: Clock
    lease: WriterLease
    feed: Feed

    def close(self) -> None:
        """Give up the lease and write no more."""
        self.consumers.close()
        self.feed.close()
        self.lease.close()
        self.metadata.close()


def open_parts(
    home: Home,
    settings: Settings,
    project: str,
    log: Log,
    clock: Clock,
    lock: FileLock | None = None,
    pause: Callable[[float], object] | None = None,
    report: Callable[[str], None] = lambda _: None,
    *,
    source: LogSource,
    plugged: Mapping[str, MakeConsumer] | None = None,
    is_previewed: bool = True,
    bound: Bound = unbounded,
    ahead: DecodeAhead | None = None,
) -> Parts:
    """Take the project's lease and wire the parts; nothing is read yet.

    Args:
        home: Where everything lies.
        settings: All of them.
        project: Which; it exists.
        log: What is read.
        clock: Of everything.
        lock: See `take`; so the next.
        pause: Waits some seconds for a lease.
        report: Takes one line about each trouble.
        source: Where other processes open the log.
        plugged: Consumers beside the live counters, by name.
        is_previewed: Whether micro-batches are shown; else consumers are told of epochs only.
        bound: Keeps decoding within its time.
        ahead: Decodes the next micro-batch meanwhile.

    Raises:
        Conflict: as `take`.
        Unavailable: as `take`, or metadata or lake is not reached.
    """
    metadata = Metadata.open(home, clock, settings.metadata)
    place = LakePlace.of(settings.lake, home.lake_dir)
    lake = Lake(place, project)
    span = settings.pipeline.lease
    lease = take(metadata, project, span, clock, lock, pause, above=lake.term())
    tail = tail_of(home, settings.lake, place, project, clock, lease.term)
    consumers = Consumers(
        home,
        project,
        settings.consumers,
        metadata,
        lambda: Lake(place, project),
        clock,
        partial(lease.tell, report),
        plugged,
        settings,
        default=next(iter(settings.sessions.named)),
        is_previewed=is_previewed,
    )
    poison = PoisonWatch(
        Attempts(home.state_dir(project) / "attempts.json"),
        settings.pipeline,
        source,
        TroubleNote(trouble_file(home, project), clock, report),
        bound,
    )
    feed = Feed(project, settings, log, lake, metadata, poison, ahead)
    publisher = publisher_of(project, tail)
    return Parts(project, settings, log, lake, metadata, publisher, consumers, clock, lease, feed)
