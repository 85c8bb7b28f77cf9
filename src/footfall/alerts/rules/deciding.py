"""Deciding what fires, once and durably, together with what is to be told.

    nothing known, holds       → a firing; notice 1 "firing"
    firing, holds again        → nothing: it was told; a provisional one is certain now
    firing, holds no more      → withdrawn; notice 2 "withdrawn", to whom the firing was told
    withdrawn, holds again     → a firing again; notice 3
    its session has another id → the same firing, of the new session, if the rule holds of that

A firing keeps the delivery id that follows from rule and subject as it fired first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from footfall.alerts.delivery.telling import body_of
from footfall.alerts.rules.judging import Candidate, told
from footfall.metadata.alerts.reads import StoredFiring, StoredState
from footfall.metadata.alerts.store import Decision, Notice
from footfall.settings import RuleSettings

FIRING, WITHDRAWN = "firing", "withdrawn"
_encode = msgspec.json.encode


class Deciding:
    """One transaction about any number of rules."""

    def __init__(self, decision: Decision, project: str, now: int, waiting_max: int) -> None:
        """Read nothing yet; `now` is the wall clock, microseconds."""
        self._decision = decision
        self._project = project
        self._now = now
        self._waiting_max = waiting_max
        self._room: int | None = None
        self.notices = 0
        """How many channels are to be told something."""

    def state(self, rule: RuleSettings) -> StoredState:
        """How far the rule is; one that was never seen begins now."""
        found = self._decision.state(rule.name)
        return found or StoredState(rule.name, self._now, 0, 0, None, None, "")

    def decide(
        self,
        rule: RuleSettings,
        state: StoredState,
        candidates: Sequence[Candidate],
        known: Mapping[str, StoredFiring],
        provisional_at: int | None = None,
    ) -> StoredState:
        """Fire and withdraw; the state afterwards, not written yet.

        Args:
            rule: Of which.
            state: Of the rule.
            candidates: In the order of their time.
            known: Firings of the rule, by subject: of all candidates at least.
            provisional_at: The watermark at which they were seen before their epoch.
        """
        for one in candidates:
            before = known.get(one.subject)
            if one.holds:
                state = self._holds(rule, state, one, before, provisional_at)
            elif before is not None and before.state == FIRING:
                self.withdraw(rule, before, one.details)
        return state

    def withdraw(
        self, rule: RuleSettings, firing: StoredFiring, details: Mapping[str, object] | None = None
    ) -> None:
        """It does not hold any more."""
        changed = msgspec.structs.replace(
            firing,
            state=WITHDRAWN,
            sequence=firing.sequence + 1,
            provisional_at=None,
            details=_encode(details).decode() if details else firing.details,
        )
        self._decision.put_firing(changed)
        if not firing.quiet:
            self._tell(rule, changed)

    def move(self, firing: StoredFiring, candidate: Candidate) -> None:
        """Its session has another id now; nobody need hear of it."""
        details = _encode(candidate.details).decode()
        self._decision.put_firing(
            msgspec.structs.replace(
                firing, subject=candidate.subject, provisional_at=None, details=details
            )
        )

    def _holds(
        self,
        rule: RuleSettings,
        state: StoredState,
        one: Candidate,
        before: StoredFiring | None,
        provisional_at: int | None,
    ) -> StoredState:
        if before is not None and before.state == FIRING:
            if before.provisional_at is not None and provisional_at is None:
                self._decision.put_firing(msgspec.structs.replace(before, provisional_at=None))
            return state
        quiet = self._quiet(rule, state, one.at)
        firing = StoredFiring(
            delivery_id=before.delivery_id if before else self._id(rule, one.subject),
            rule=rule.name,
            subject=one.subject,
            app_id=one.app_id,
            at=one.at,
            noted_at=self._now,
            state=FIRING,
            sequence=before.sequence + 1 if before else 1,
            quiet=quiet,
            provisional_at=provisional_at,
            details=_encode(one.details).decode(),
            acknowledged_at=None,
            acknowledged_by="",
        )
        self._decision.put_firing(firing)
        if quiet:
            return state
        self._tell(rule, firing)
        told_at = one.at if state.told_at is None else max(one.at, state.told_at)
        return msgspec.structs.replace(state, told_at=told_at)

    def _quiet(self, rule: RuleSettings, state: StoredState, at: int) -> str:
        if state.muted_until > self._now:
            return "muted"
        if not told(rule, state.told_at, at):
            return "cool-down"
        if self._room is None:
            self._room = self._waiting_max - self._decision.waiting()
        return "too many" if self._room < len(rule.channels) else ""

    def _tell(self, rule: RuleSettings, firing: StoredFiring) -> None:
        body = _encode(body_of(rule, firing)).decode()
        notices = [
            Notice(firing.delivery_id, firing.sequence, channel, body) for channel in rule.channels
        ]
        self._decision.put_notices(notices, self._now)
        self.notices += len(notices)
        if self._room is not None:
            self._room -= len(notices)

    def _id(self, rule: RuleSettings, subject: str) -> str:
        text = "\n".join((self._project, rule.name, rule.kind, rule.definition, subject))
        return hashlib.sha256(text.encode()).hexdigest()[:32]
