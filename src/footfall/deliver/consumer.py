"""The consumer of epochs that writes files to all destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from footfall.deliver.chosen import Chosen, chosen_destinations, held_for
from footfall.deliver.notes import (
    Note,
    Plan,
    forget_shown,
    read_note,
    shown_names,
    write_note,
)
from footfall.errors import FootfallError
from footfall.metadata.place import MetadataPlace
from footfall.pipeline.consumers.contract import (
    ConsumerPlace,
    EpochConsumer,
    LostEpochs,
    Progress,
)
from footfall.pipeline.consumers.notes import Needs
from footfall.settings import load_settings

if TYPE_CHECKING:
    from footfall.deliver.epochs import Epochs
    from footfall.deliver.outlet import Outlet
    from footfall.deliver.stream import Stream
    from footfall.pipeline import CommittedEpoch


def make(place: ConsumerPlace) -> EpochConsumer:
    """The consumer, as a pipeline makes it."""
    return Delivery(place)


class Delivery(EpochConsumer):
    """Gives every epoch to every destination; does nothing while there are none."""

    def __init__(self, place: ConsumerPlace) -> None:
        """Open nothing yet."""
        self._place = place
        self._settings = place.settings or load_settings()
        self._metadata = MetadataPlace.of(place.home, self._settings.metadata)
        self._now = place.now_us
        self._first = place.first_epoch
        self._epochs: Epochs | None = None
        self._chosen: dict[str, Chosen] = {}
        self._streams: dict[str, Stream] = {}
        self._held: dict[str, str] = {}
        self._has_chosen = False

    def committed(self, epoch: CommittedEpoch) -> Needs | None:
        """Give it to all destinations; what is not in files is still needed."""
        self._now = max(self._now, epoch.planned_at)
        self._choose()
        if self._streams and self._epochs is not None:
            self._epochs.add(epoch)
            self._turn()
        self._first = epoch.number + 1
        return self._needs(epoch)

    def watermark(self, progress: Progress) -> None:
        """Files get older."""
        self._now = max(self._now, progress.at)
        self._choose()
        self._turn()

    def lost(self, epochs: LostEpochs) -> Needs | None:
        """Those that have not got them never will; it is counted and shown."""
        self._choose()
        if self._epochs is not None:
            self._epochs.skip_to(epochs.last)
            for stream in self._streams.values():
                stream.lose(epochs.last)
        self._first = epochs.last + 1
        return None

    def close(self) -> None:
        """Let go of files; they are made again."""
        for stream in self._streams.values():
            stream.close()

    def _turn(self) -> None:
        if self._epochs is None:
            return
        for name, stream in self._streams.items():
            chosen = self._chosen[name]
            held = self._held[name]
            if chosen.paused_at or held:
                stream.rest(self._epochs, self._now, paused_at=chosen.paused_at, held=held)
            else:
                stream.turn(self._epochs, self._now, chosen.flush_to)
        needed = [stream.needs_epoch for stream in self._streams.values()]
        self._epochs.drop_before(min(needed, default=self._epochs.newest + 1))

    def _needs(self, epoch: CommittedEpoch) -> Needs | None:
        if not self._streams or self._epochs is None:
            return None
        first = min(stream.needs_epoch for stream in self._streams.values())
        first = min(first, epoch.number + 1)
        if not any(stream.needs_log for stream in self._streams.values()):
            return Needs(first)
        oldest = self._epochs.get(first)
        return Needs(first, positions=epoch.log_to if oldest is None else oldest.log_from)

    def _choose(self) -> None:
        """Follow what people want now."""
        chosen = chosen_destinations(self._settings, self._metadata, self._place.project)
        if chosen == self._chosen and self._has_chosen:
            return
        self._has_chosen = True
        for name in {*shown_names(self._place.directory)} - {*chosen}:
            forget_shown(self._place.directory, name)
        before, self._chosen = self._chosen, chosen
        for name, one in before.items():
            if name not in chosen or chosen[name].destination != one.destination:
                self._streams.pop(name).close()
        for name, one in chosen.items():
            if name not in self._streams:
                self._held[name] = held_for(one.destination, self._settings)
                self._streams[name] = self._open(name, one)
        if not chosen:
            self._epochs = None

    def _open(self, name: str, chosen: Chosen) -> Stream:
        from footfall.deliver.epochs import Epochs
        from footfall.deliver.outlet import outlet_of, place_of
        from footfall.deliver.source import source_of
        from footfall.deliver.stream import Stream
        from footfall.log import LogSource

        place, settings = self._place, self._settings
        if self._epochs is None:
            self._epochs = Epochs(self._first)
        where = place_of(name, chosen.destination, place.home)
        outlet = outlet_of(where, settings)
        note = read_note(place.directory, name)
        # What it noted and the pipeline did not keep is of a time when it was not asked for.
        if note is None or note.cursor.epoch < self._epochs.oldest:
            oldest = self._epochs.oldest
            if note is None:
                note = Note.new(oldest)
            else:
                note = note.begun_at(oldest, is_put=note.plan is None or _is_put(note.plan, outlet))
            write_note(place.directory, name, note)
        return Stream(
            name,
            where,
            chosen.destination,
            source_of(
                chosen.destination,
                settings,
                LogSource.of(place.home, place.project, settings.log),
                place.directory.parent,
            ),
            outlet,
            note,
            place.directory,
            settings.consumers,
        )


def _is_put(plan: Plan, outlet: Outlet) -> bool:
    """Whether a planned file may be there already."""
    try:
        return outlet.has(plan.path)
    except (FootfallError, OSError):
        return True
