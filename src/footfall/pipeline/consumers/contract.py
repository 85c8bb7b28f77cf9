"""What a consumer of epochs is, and what it is given.

Every call comes from the consumer's own thread, one after the other. Whatever it raises ends this
consumer object: it is closed, and after a pause a new one is made, which is given what the last
one was not done with. That is also what happens after a restart, so there is one way back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec

from footfall.home import Home
from footfall.ledger import Ledger
from footfall.pipeline.consumers.notes import Needs
from footfall.positions import Positions
from footfall.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from footfall.pipeline.consumers.committed import CommittedEpoch


class ConsumerPlace(msgspec.Struct, frozen=True):
    """Where a consumer works, and where it begins."""

    home: Home
    project: str
    directory: Path
    """Its own, kept over restarts and in backups. `position.json` and `state.json` in it are
    ours."""
    first_epoch: int
    """The first that it is given; for one that is new the next to be committed."""
    log_to: Positions
    """It sees the micro-batches of requests from here on, in each partition of the log. What lies
    before is in epochs that are committed."""
    now_us: int
    """The pipeline's clock, microseconds since 1970 UTC."""
    settings: Settings | None = None
    """The installation's, from all their sources; none where a test left them out."""


class MicroBatch(msgspec.Struct, frozen=True):
    """Rows that an epoch will have, within a second of their acknowledgement.

    Provisional: they are no promise until the epoch is committed, have no session yet, come again
    after a restart, and are left out when the consumer is too slow for them. The positions tell:
    the next one begins where the last one ended, unless some were left out.
    """

    at: int
    """The pipeline's clock, microseconds since 1970 UTC."""
    log_from: Positions
    log_to: Positions
    """In each partition of the log, the first request after it. It has requests of one partition;
    in the others it is as `log_from`."""
    events: pa.Table
    """`EVENT_SCHEMA`, in the order of its requests; `session_id` is null."""
    failures: pa.Table
    """`FAILED_SCHEMA`"""
    ledger: Ledger


class Progress(msgspec.Struct, frozen=True):
    """How far the pipeline is: after each micro-batch, and each second when nothing comes."""

    at: int
    """The pipeline's clock, microseconds since 1970 UTC."""
    watermark: int
    """Sessions whose end plus `sessions.gap` is before it are over. Microseconds; goes back only
    with a restart."""
    epoch: int
    """Last epoch that is committed."""
    positions: Positions
    """In each partition of the log, the first request that is not shown yet."""
    lag_requests: int
    """Acknowledged requests that are not shown yet, over all partitions."""
    ledger: Ledger
    """Sum over everything shown so far."""
    open_sessions: int
    """Of people."""
    open_bot_sessions: int


class SessionCounts(msgspec.Struct, frozen=True):
    """What became of the sessions of one app since the last call."""

    opened: int = 0
    """Sessions that were not there before, as previews see them."""
    joined: int = 0
    """Sessions that are no more: a late event joined or renamed them; what they are now is among
    `opened` or was there before."""
    closed: int = 0
    """Rows with `revision` 1."""
    repaired: int = 0
    """Rows with a higher one: written before, and changed by late events."""
    open: int | None = 0
    """How many are open now; none where nothing is previewed."""


class DefinitionSeen(msgspec.Struct, frozen=True):
    """What became of the sessions of one definition."""

    rows: pa.Table
    """`SESSION_SCHEMA`: closed since the last call and not committed; `epoch` is 0 where they are
    provisional."""
    apps: dict[str, SessionCounts]
    """By app; those of which nothing is open and nothing changed are left out."""


class SessionsSeen(msgspec.Struct, frozen=True):
    """Sessions that closed, within a second of what closed them.

    Provisional: they are no promise until `committed` gives the exact rows. A late event may still
    change one, which then comes again; after a restart some come again; those of an epoch that was
    not previewed, because the pipeline was behind, do not come; and they are left out when the
    consumer is too slow for them. A session whose repair waits comes with its epoch only.
    """

    at: int
    """The pipeline's clock, microseconds since 1970 UTC."""
    watermark: int
    """What closed them; microseconds."""
    epoch: int
    """Last epoch that is committed; where nothing is previewed, the one that has the rows."""
    definitions: dict[str, DefinitionSeen]
    """By name, the default first; those of which nothing changed are left out."""


class LostEpochs(msgspec.Struct, frozen=True):
    """Epochs that a consumer will never be given."""

    first: int
    last: int


class EpochConsumer:
    """Works on each epoch, in order, each at least once. Override what you need.

    An installed package brings one by an entry point in the group `footfall.consumers`: a class
    like this, or a function, that takes a `ConsumerPlace`.
    """

    is_durable: ClassVar[bool] = True
    """Whether it is given every epoch, over restarts. False: after each it begins with the next
    epoch, and nothing is kept for it."""

    def preview(self, batch: MicroBatch) -> None:
        """Rows just read; see `MicroBatch` for what they are worth."""

    def sessions(self, seen: SessionsSeen) -> None:
        """Sessions opened, closed or changed; see `SessionsSeen` for what rows are worth.

        After each micro-batch and each second, when something did. Where nothing is previewed (the
        pipeline is a runner), before `committed`, with the rows of that epoch.
        """

    def committed(self, epoch: CommittedEpoch) -> Needs | None:
        """An epoch is in the lake, for ever; those before it were given or lost.

        Returns:
            What it still needs. `None`: it is done with this epoch and those before. To be given
            epochs again after a restart, `Needs(epoch=…)` with the first of them: it is the
            consumer's word that everything below is done, durably.
        """

    def watermark(self, progress: Progress) -> None:
        """Time went on. Of several that wait only the newest is given."""

    def lost(self, epochs: LostEpochs) -> Needs | None:
        """These were kept as long as `consumers.keep_age_max` says, and are gone.

        Returns:
            As `committed`.
        """

    def close(self) -> None:
        """Let go of everything; also called after one of the others raised."""
