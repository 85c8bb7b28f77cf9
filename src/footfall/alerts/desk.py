"""What people do with alerts: rules, channels, history, mute, acknowledge. One way for all.

Command line, HTTP API and Python come here, so they find the same mistakes and say the same.
Metadata is opened for writing with the first write, which loads SQLAlchemy; reading needs little.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from footfall.alerts.book import RuleBook, stored_channel, stored_rule
from footfall.alerts.rules.backtest import Ask, BackTest, Rows, backtesting
from footfall.alerts.rules.statements import Statement, check_expressions, sessions_view, trial
from footfall.clock import DAY, Clock
from footfall.errors import Invalid
from footfall.home import Home
from footfall.metadata.alerts.reads import HISTORY_MAX, AlertReads, NoticeState, StoredFiring
from footfall.metadata.place import MetadataPlace
from footfall.settings import RuleSettings, Settings, parse_duration
from footfall.settings.alerts import (
    changed_options,
    options_of,
    options_of_channel,
    read_channel,
    read_rule,
)

if TYPE_CHECKING:
    from footfall.metadata.alerts.store import AlertStore

MUTE_MAX: Final = 365 * DAY
BY_LENGTH_MAX: Final = 100


class RuleView(msgspec.Struct, frozen=True):
    """A rule, and how it gets on; times in microseconds since 1970 UTC."""

    name: str
    kind: str
    options: dict[str, Any]
    """As settings have them, `kind` among them."""
    is_declared: bool
    """In the settings: it changes there."""
    muted_until: int
    """0: it is not muted."""
    evaluated_to: int
    """Of measures: windows up to here were looked at."""
    problem: str
    """Why it cannot be looked at; "" if it can."""


class ChannelView(msgspec.Struct, frozen=True):
    """A channel, without what would let anybody send there."""

    name: str
    kind: str
    place: str
    is_declared: bool
    waiting: int
    """Notices that were not sent yet."""
    dead: int
    """Notices that could not be sent, and are not tried any more."""
    sent_at: int | None
    error: str
    """The last one, of notices that wait or are dead."""


class Firing(msgspec.Struct, frozen=True):
    """One firing of the history."""

    delivery_id: str
    rule: str
    subject: str
    """The session's id, or the window's end."""
    app_id: str
    at: int
    noted_at: int
    state: str
    quiet: str
    details: dict[str, Any]
    acknowledged_at: int | None
    acknowledged_by: str
    notices: tuple[NoticeState, ...]


class History(msgspec.Struct, frozen=True):
    """A page of firings, newest first."""

    firings: tuple[Firing, ...]
    next: str | None
    """What `after` is for the page that follows; none at the end."""


class AlertDesk:
    """Of one project; threads may share it."""

    def __init__(self, home: Home, project: str, settings: Settings, clock: Clock) -> None:
        """Open nothing yet."""
        self._home = home
        self._project = project
        self._settings = settings
        self._clock = clock
        self._place = MetadataPlace.of(home, settings.metadata)
        self._reads = AlertReads(self._place, project)
        self._opened: AlertStore | None = None
        self._guard = threading.Lock()

    @property
    def definitions(self) -> tuple[str, ...]:
        """Names of session definitions, the default first."""
        return tuple(self._settings.sessions.named)

    def book(self) -> RuleBook:
        """Rules and channels as they are now."""
        return RuleBook.read(self._settings.alerts, self._reads)

    def rules(self) -> list[RuleView]:
        """All rules, by name."""
        book, states = self.book(), self._reads.states()
        now = self._clock.now_us()
        views = []
        for name, rule in sorted(book.rules.items()):
            state = states.get(name)
            muted = state.muted_until if state and state.muted_until > now else 0
            views.append(
                RuleView(
                    name,
                    rule.kind,
                    options_of(rule),
                    name in book.declared,
                    muted,
                    state.evaluated_to if state else 0,
                    state.problem if state else "",
                )
            )
        return views

    def channels(self) -> list[ChannelView]:
        """All channels, by name."""
        book, sending = self.book(), self._reads.sending()
        views = []
        for name, channel in sorted(book.channels.items()):
            how = sending.get(name)
            counts = (how.waiting, how.dead, how.sent_at, how.error) if how else (0, 0, None, "")
            declared = name in book.declared_channels
            views.append(ChannelView(name, channel.kind, channel.shown, declared, *counts))
        return views

    def read_new_rule(
        self, name: str, options: Mapping[str, Any]
    ) -> tuple[RuleSettings, Statement]:
        """A rule that could be added, and a statement that fails if its SQL is wrong.

        Raises:
            Invalid: with every mistake in `problems`.
            Conflict: settings have one of this name.
        """
        rule = read_rule(name, options)
        self.book().check_new_rule(rule)
        check_expressions(rule)
        sessions = self._settings.sessions
        if rule.definition and rule.definition not in sessions.named:
            names = ", ".join(sessions.named)
            raise Invalid("the rule has mistakes:", (f"definition is one of {names}",))
        of_sessions = rule.kind == "session" or rule.over == "sessions"
        view = sessions_view(rule, sessions.default) if of_sessions else "events"
        return rule, trial(rule, view)

    def read_changed_rule(
        self, name: str, changes: Mapping[str, Any]
    ) -> tuple[RuleSettings, Statement]:
        """A rule with some options changed; what is none is as if it had never been said.

        Raises:
            Invalid: there is no such rule, or it has mistakes then.
            Conflict: it is in the settings.
        """
        return self.read_new_rule(name, changed_options(self.book().rule(name), changes))

    def read_trial_rule(self, name: str, options: Mapping[str, Any]) -> RuleSettings:
        """A rule to back-test, that need not be addable. Raises `Invalid` with every mistake."""
        rule = read_rule(name, options)
        check_expressions(rule)
        return rule

    def put_rule(self, rule: RuleSettings) -> None:
        """Add it, or replace the one of its name; it counts within seconds.

        One that was disabled begins anew: it does not fire for what happened meanwhile.
        """
        before = self.book().rules.get(rule.name)
        is_anew = before is not None and rule.enabled and not before.enabled
        now = self._clock.now_us()
        self._store.put_rule(rule.name, stored_rule(rule), now, is_anew=is_anew)

    def remove_rule(self, name: str) -> None:
        """Forget it; what fired stays in the history. Raises `Invalid` if it was not added."""
        if name in self.book().declared:
            raise Invalid(f"the rule is in the settings; remove it there: rule={name}")
        self._store.remove_rule(name)

    def change_channel(self, name: str, changes: Mapping[str, Any]) -> None:
        """Change some options of a channel; the others, its secret too, stay. See `put_channel`."""
        kept = options_of_channel(self.book().channel(name))
        options = {
            option: value for option, value in {**kept, **changes}.items() if value is not None
        }
        self.put_channel(name, options)

    def put_channel(self, name: str, options: Mapping[str, Any]) -> None:
        """Add a channel, or replace one.

        Raises:
            Invalid: with every mistake in `problems`.
            Conflict: settings have one of this name.
        """
        channel = read_channel(name, options)
        self.book().check_new_channel(channel)
        if channel.kind == "apprise":
            scheme = channel.url.shown.partition("://")[0]
            if scheme not in self._settings.alerts.schemes_allowed:
                raise Invalid(
                    "the channel has mistakes:",
                    (f"this service is not in alerts.schemes_allowed: {scheme}",),
                )
        self._store.put_channel(name, stored_channel(channel), self._clock.now_us())

    def remove_channel(self, name: str) -> None:
        """Forget it. Raises `Invalid` if it was not added, or a rule names it."""
        book = self.book()
        if name in book.declared_channels:
            raise Invalid(f"the channel is in the settings; remove it there: channel={name}")
        if users := sorted(rule.name for rule in book.rules.values() if name in rule.channels):
            raise Invalid(f"rules name the channel; change them first: rules={', '.join(users)}")
        self._store.remove_channel(name)

    def test_channel(self, name: str) -> str:
        """Send a made-up firing at once; what went wrong, or ""."""
        from footfall.alerts.delivery.sending import Sender

        channel = self.book().channel(name)
        return Sender(self._settings.alerts, self._project, self._clock).test(channel)

    def mute(self, name: str, duration: str) -> int:
        """Tell nobody of a rule's firings for so long; "0s" ends it.

        Returns:
            Until when, microseconds; 0 for not at all.

        Raises:
            Invalid: there is no such rule, or it is no duration up to a year.
        """
        self.book().rule(name)
        try:
            span = parse_duration(duration)
        except ValueError as error:
            raise Invalid(f"for how long is a duration such as 2h: {error}") from error
        if span > MUTE_MAX:
            raise Invalid(f"mute a rule for at most {MUTE_MAX // DAY}d; or disable it")
        now = self._clock.now_us()
        until = now + span if span else 0
        self._store.mute(name, until, now)
        return until

    def acknowledge(self, delivery_ids: Collection[str], by: str) -> int:
        """Note that somebody has seen them; how many were not noted before."""
        if len(delivery_ids) > HISTORY_MAX or len(by) > BY_LENGTH_MAX:
            raise Invalid(f"acknowledge at most {HISTORY_MAX} at a time, by a short name")
        return self._store.acknowledge(delivery_ids, by, self._clock.now_us())

    def revive(self) -> int:
        """Try dead notices again; how many."""
        return self._store.revive(self._clock.now_us())

    def history(self, limit: int = 100, *, rule: str = "", after: str = "") -> History:
        """A page of firings, newest first.

        Raises:
            Invalid: `after` is not from a page.
        """
        before = None
        if after:
            at, dot, last = after.partition(".")
            if not (dot and at.isdecimal() and len(at) < 19):
                raise Invalid("after is what the page before has as next")
            before = (int(at), last)
        limit = max(1, min(limit, HISTORY_MAX))
        found = self._reads.history(limit, rule=rule, before=before)
        notices = self._reads.notices([one.delivery_id for one in found])
        firings = tuple(
            _firing(one, tuple(n for n in notices if n.delivery_id == one.delivery_id))
            for one in found
        )
        last_one = found[-1] if len(found) == limit else None
        return History(
            firings, None if last_one is None else f"{last_one.at}.{last_one.delivery_id}"
        )

    def testing(
        self, rule: RuleSettings, over: str, until: int | None = None
    ) -> Generator[Ask, Rows, BackTest]:
        """Back-test a rule, that is there or not; see `backtesting`.

        Raises:
            Invalid: `over` is no duration, or too long.
        """
        try:
            span = parse_duration(over)
        except ValueError as error:
            raise Invalid(f"over is a duration such as 30d: {error}") from error
        end = self._clock.now_us() if until is None else until
        zone = self.book().zone_of(rule)
        return backtesting(rule, self._settings.sessions, end - span, end, zone)

    @property
    def _store(self) -> AlertStore:
        with self._guard:
            if self._opened is None:
                from footfall.metadata import Metadata
                from footfall.metadata.alerts.store import AlertStore

                metadata = Metadata.open(self._home, self._clock, self._settings.metadata)
                self._opened = AlertStore(metadata, self._project)
            return self._opened


def _firing(stored: StoredFiring, notices: tuple[NoticeState, ...]) -> Firing:
    return Firing(
        stored.delivery_id,
        stored.rule,
        stored.subject,
        stored.app_id,
        stored.at,
        stored.noted_at,
        stored.state,
        stored.quiet,
        msgspec.json.decode(stored.details, type=dict[str, Any]),
        stored.acknowledged_at,
        stored.acknowledged_by,
        notices,
    )
