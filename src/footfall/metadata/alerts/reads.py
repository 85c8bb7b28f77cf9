"""What is known of alerts, read without locks and in few imports: for pages and the evaluator."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.metadata.place import MetadataPlace

HISTORY_MAX: Final = 1_000
_FIRING: Final = (
    "delivery_id, rule, subject, app_id, at, noted_at, state, sequence, quiet, provisional_at,"
    " details, acknowledged_at, acknowledged_by"
)


class StoredFiring(msgspec.Struct, frozen=True):
    """A row of `alert_firings`; times in microseconds since 1970 UTC."""

    delivery_id: str
    rule: str
    subject: str
    app_id: str
    at: int
    noted_at: int
    state: str
    """`firing` or `withdrawn`."""
    sequence: int
    quiet: str
    """Why nobody was told: `muted`, `cool-down`, `too many`; "": channels were."""
    provisional_at: int | None
    details: str
    """JSON."""
    acknowledged_at: int | None
    acknowledged_by: str


class StoredState(msgspec.Struct, frozen=True):
    """A row of `alert_states`."""

    rule: str
    since: int
    muted_until: int
    evaluated_to: int
    revise_from: int | None
    told_at: int | None
    problem: str


class Sending(msgspec.Struct, frozen=True):
    """How notices of a channel get on."""

    channel: str
    waiting: int
    dead: int
    sent_at: int | None
    """When the last one was sent."""
    error: str
    """Of one that waits or is dead; "" if there is none."""


class NoticeState(msgspec.Struct, frozen=True):
    """One notice of a firing to one channel."""

    delivery_id: str
    sequence: int
    channel: str
    state: str
    """`waiting`, `sent` or `dead`."""
    tries: int
    error: str
    sent_at: int | None


class AlertReads:
    """Of one project. Each call raises `Unavailable` when metadata cannot be read now."""

    def __init__(self, place: MetadataPlace, project: str) -> None:
        """Read nothing yet."""
        self._place = place
        self._project = project

    def rules(self) -> list[tuple[str, str]]:
        """Names and options (JSON) of rules, but for those in settings; by name."""
        return self._pairs("SELECT rule, options FROM alert_rules WHERE project = ? ORDER BY rule")

    def channels(self) -> list[tuple[str, str]]:
        """Names and options (JSON, secrets among it), but for those in settings; by name."""
        return self._pairs(
            "SELECT channel, options FROM alert_channels WHERE project = ? ORDER BY channel"
        )

    def time_zones(self) -> dict[str, str]:
        """Of each app."""
        return dict(self._pairs("SELECT app_id, time_zone FROM apps WHERE project = ?"))

    def states(self) -> dict[str, StoredState]:
        """Of each rule that was ever evaluated or muted."""
        query = (
            "SELECT rule, since, muted_until, evaluated_to, revise_from, told_at, problem"
            " FROM alert_states WHERE project = ?"
        )
        return {row[0]: StoredState(*row) for row in self._rows(query)}

    def history(
        self, limit: int, *, rule: str = "", before: tuple[int, str] | None = None
    ) -> list[StoredFiring]:
        """Newest firings first, by when they fired.

        Args:
            limit: At most `HISTORY_MAX`.
            rule: Only of this one.
            before: `at` and id of the last one that is known already.
        """
        values: list[str | int] = [rule] if rule else []
        text = " AND rule = ?" if rule else ""
        if before is not None:
            text += " AND (at < ? OR (at = ? AND delivery_id < ?))"
            values += [before[0], before[0], before[1]]
        query = (
            f"SELECT {_FIRING} FROM alert_firings WHERE project = ?{text}"  # noqa: S608 (our names)
            f" ORDER BY at DESC, delivery_id DESC LIMIT {min(int(limit), HISTORY_MAX)}"
        )
        return [StoredFiring(*row) for row in self._rows(query, *values)]

    def notices(self, firings: list[str]) -> list[NoticeState]:
        """What became of notices of some firings."""
        if not firings:
            return []
        marks = ", ".join("?" for _ in firings)
        query = (
            "SELECT delivery_id, sequence, channel, state, tries, error, sent_at FROM alert_notices"  # noqa: S608
            f" WHERE project = ? AND delivery_id IN ({marks})"
            " ORDER BY delivery_id, sequence, channel"
        )
        return [NoticeState(*row) for row in self._rows(query, *firings)]

    def sending(self) -> dict[str, Sending]:
        """By channel that ever had a notice."""
        query = (
            "SELECT channel, sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END),"
            " sum(CASE WHEN state = 'dead' THEN 1 ELSE 0 END), max(sent_at),"
            " max(CASE WHEN state = 'sent' THEN '' ELSE error END)"
            " FROM alert_notices WHERE project = ? GROUP BY channel"
        )
        return {
            row[0]: Sending(row[0], int(row[1]), int(row[2]), row[3], row[4] or "")
            for row in self._rows(query)
        }

    def _pairs(self, query: str) -> list[tuple[str, str]]:
        return [(str(name), str(text)) for name, text in self._rows(query)]

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._place.rows(query, (self._project, *values))
