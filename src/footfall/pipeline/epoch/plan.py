"""The plan of an epoch: everything its rows depend on besides the log and the state before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from footfall.enrich import DEFAULT_PLAN, StepPlan, plan_steps
from footfall.errors import Corrupt
from footfall.positions import Place, Positions, Slice
from footfall.settings import (
    ClockSettings,
    DecodeSettings,
    DuplicateSettings,
    SessionSettings,
    Settings,
    kept_at_least,
    retention_margin,
)

if TYPE_CHECKING:
    from footfall.metadata import Metadata  # the process that decodes ahead needs none

PLAN_VERSION: Final = 1


class Rules(msgspec.Struct, frozen=True):
    """The settings that rows depend on. A redone epoch uses the rules of its plan, not today's."""

    decode: DecodeSettings
    clock: ClockSettings
    duplicates: DuplicateSettings
    sessions: SessionSettings
    enrich: tuple[StepPlan, ...] = DEFAULT_PLAN
    """Has a default because plans of format 2 lack it."""

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """The rules in force.

        Where old days are dropped, an event that would need a dropped one, or make it again, fails
        as too old: by the plan, so that an epoch that is redone decides the same.

        Raises:
            Invalid: the steps of enrichment do not fit; see `plan_steps`.
        """
        clock, kept = settings.clock, kept_at_least(settings)
        if kept is not None:
            late = kept - retention_margin(settings)
            clock = msgspec.structs.replace(
                clock,
                event_age_max=min(clock.event_age_max, late),
                event_age_trusted_max=min(clock.event_age_trusted_max, late),
            )
        steps = plan_steps(settings.enrich)
        return cls(settings.decode, clock, settings.duplicates, settings.sessions, steps)


def with_sessions(rules: Rules, sessions: SessionSettings) -> Rules:
    """The same with other session definitions."""
    return msgspec.structs.replace(rules, sessions=sessions)


class EpochPlan(msgspec.Struct, frozen=True):
    """Written durably before the first row of the epoch is; read again when the epoch is redone."""

    project: str
    epoch: int
    """Counts from 1 without gaps."""
    log_from: Positions
    log_to: Positions
    """In each partition of the log, the first request after the epoch."""
    watermark: int
    """Sessions whose end plus `gap` is before it are closed by this epoch. Never goes back."""
    planned_at: int
    rules: Rules
    quarantined: tuple[Place, ...] = ()
    """Requests that are not decoded but fail as poison, by partition and offset."""
    left_out: tuple[str, ...] = ()
    """Protocols whose requests fail as poison, all of them: their plug-in could not be loaded."""
    definitions: tuple[str, ...] = ("gap.1",)
    """Name and version of each session definition, the default first."""
    filling: tuple[str, ...] = ()
    """Those of them whose past is not whole yet: what waits for a repair goes on waiting."""
    version: int = PLAN_VERSION

    @property
    def slices(self) -> tuple[Slice, ...]:
        """The epoch's requests, partition by partition."""
        return tuple(self.log_from.slices_to(self.log_to))

    def quarantined_in(self, partition: int) -> set[int]:
        """Offsets of a partition's requests that are not decoded."""
        return {place.offset for place in self.quarantined if place.partition == partition}


def write_plan(plan: EpochPlan, metadata: Metadata, term: int) -> None:
    """Note it durably, before anything else of the epoch.

    Raises:
        LeaseLost: the lease has a higher term than `term`; stop.
    """
    metadata.plan_epoch(
        plan.project,
        plan.epoch,
        log_from=plan.log_from,
        log_to=plan.log_to,
        watermark=plan.watermark,
        plan=encode_plan(plan),
        term=term,
    )


def encode_plan(plan: EpochPlan) -> str:
    """JSON for the metadata database."""
    return msgspec.json.encode(plan).decode()


def decode_plan(text: str) -> EpochPlan:
    """Inverse of `encode_plan`.

    Raises:
        Corrupt: written by another version or damaged; use the version that wrote it, or restore.
    """
    try:
        return msgspec.json.decode(text, type=EpochPlan)
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"epoch plan cannot be read; use the version that wrote it: {error}"
        ) from error
