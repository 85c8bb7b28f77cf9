"""Telling channels: signed, in batches, again after failures, only where it is allowed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from footfall.alerts.actions.addresses import Reach
from footfall.alerts.book import RuleBook
from footfall.alerts.delivery.outbox import Outbox
from footfall.alerts.delivery.sending import Sender
from footfall.alerts.desk import AlertDesk
from footfall.alerts.rules.deciding import Deciding
from footfall.alerts.rules.judging import Candidate
from footfall.clock import SystemClock
from footfall.errors import Invalid, Unavailable
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.alerts.reads import AlertReads
from footfall.metadata.alerts.store import AlertStore
from footfall.metadata.place import MetadataPlace
from footfall.settings import AlertSettings, load_settings
from tests.alerts.receivers import SECRET, Receiver, mailing, receiving
from tests.servers.databases import new_database, overrides_of

PRIVATE = ("alerts.private_addresses=true", "alerts.retry_min=20ms", "alerts.retry_max=50ms")


class Post:
    """A desk and an outbox, without a pipeline."""

    def __init__(self, home: Home, *overrides: str) -> None:
        self.settings = load_settings(overrides=(*PRIVATE, *overrides))
        self.clock = SystemClock()
        self.metadata = Metadata.open(home, self.clock, self.settings.metadata)
        self.metadata.create_project("default")
        self.store = AlertStore(self.metadata, "default")
        self.desk = AlertDesk(home, "default", self.settings, self.clock)
        self.reads = AlertReads(MetadataPlace.of(home, self.settings.metadata), "default")

    def book(self) -> RuleBook:
        return RuleBook.read(self.settings.alerts, self.reads)

    def outbox(self) -> Outbox:
        alerts: AlertSettings = self.settings.alerts
        sender = Sender(alerts, "default", self.clock)
        return Outbox(self.store, sender, alerts, self.book, self.clock)

    def fire(self, rule: str, subjects: range, *, holds: bool = True) -> list[str]:
        """Decide about made-up sessions; ids of all firings of the rule."""
        details = {"duration_ms": 1000, "events": 1}
        self._decide(rule, [str(one) for one in subjects], details, holds=holds)
        return [one.delivery_id for one in self.desk.history(1000, rule=rule).firings]

    def fire_one(self, rule: str, subject: str, details: dict[str, Any]) -> list[str]:
        """Decide about one session; its id."""
        self._decide(rule, [subject], details, holds=True)
        found = self.desk.history(1000, rule=rule).firings
        return [one.delivery_id for one in found if one.subject == subject]

    def _decide(
        self, rule: str, subjects: list[str], details: dict[str, Any], *, holds: bool
    ) -> None:
        found = self.book().rules[rule]
        now = self.clock.now_us()
        candidates = [Candidate(one, now, "web", holds, details) for one in subjects]
        with self.store.deciding() as decision:
            deciding = Deciding(decision, "default", now, self.settings.alerts.waiting_max)
            known = decision.firings(rule, subjects)
            state = deciding.decide(found, deciding.state(found), candidates, known)
            decision.put_state(state)

    def wait_until(self, state: str, count: int) -> None:
        waiting = threading.Event()
        for _ in range(600):
            found = [n.state for one in self.desk.history(1000).firings for n in one.notices]
            if found.count(state) >= count:
                return
            waiting.wait(0.05)
        raise AssertionError(f"not {count} {state}: {found}")

    def wait_until_failed(self, count: int) -> None:
        waiting = threading.Event()
        for _ in range(600):
            found = [n.error for one in self.desk.history(1000).firings for n in one.notices]
            if sum(map(bool, found)) >= count:
                return
            waiting.wait(0.05)
        raise AssertionError(f"not {count} failed: {found}")


@contextmanager
def post(directory: Path, *overrides: str) -> Iterator[Post]:
    made = Post(Home(directory / "home"), *overrides)
    try:
        yield made
    finally:
        made.metadata.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def kept_in(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Settings of where metadata is."""
    if request.param == "sqlite":
        return ()
    return overrides_of(new_database(request.getfixturevalue("postgres_server")))


def test_a_burst_is_told_in_batches_through_refusals_and_a_restart(
    tmp_path: Path, receiver: Receiver, kept_in: tuple[str, ...]
) -> None:
    """250 firings, a receiver that is down at first, an outbox that ends: each arrives."""
    with post(tmp_path, *kept_in) as it:
        it.desk.put_channel("ops", {"kind": "webhook", "url": receiver.url, "secret": SECRET})
        it.desk.put_rule(it.desk.read_new_rule("r", _session(channels=["ops"]))[0])
        receiver.status = 503
        ids = it.fire("r", range(250))
        with closing(it.outbox()), receiver.changed:
            assert receiver.changed.wait_for(lambda: receiver.requests >= 3, 60)
        assert not receiver.arrived
        receiver.status = 200
        before = receiver.requests
        with closing(it.outbox()):
            receiver.wait(250)
            it.wait_until("sent", 250)
        assert {one for one, _ in receiver.arrived} == set(ids)
        assert receiver.requests - before <= 6  # 100 in a request, not 250 requests
        assert receiver.wrong == []
        assert it.desk.channels()[0].waiting == 0
        # What is not true any more is told under the same id; what fires again, too.
        it.fire("r", range(2), holds=False)
        it.fire("r", range(1))
        with closing(it.outbox()):
            receiver.wait(253)
        assert {sequence for _, sequence in receiver.arrived} == {1, 2, 3}
        assert {one for one, _ in receiver.arrived} == set(ids)


def test_mute_cool_down_and_bounds_are_noted_and_not_told(
    tmp_path: Path, receiver: Receiver, kept_in: tuple[str, ...]
) -> None:
    """The history has every firing, and why nobody heard of it."""
    with post(tmp_path, "alerts.waiting_max=3", *kept_in) as it:
        it.desk.put_channel("ops", {"kind": "webhook", "url": receiver.url, "secret": SECRET})
        for name, more in (("cool", {"cool_down": "1h"}), ("muted", {}), ("many", {})):
            it.desk.put_rule(it.desk.read_new_rule(name, _session(channels=["ops"], **more))[0])
        it.desk.mute("muted", "1h")
        for name in ("cool", "muted", "many"):
            it.fire(name, range(4))
        quiet = {
            name: sorted(one.quiet for one in it.desk.history(rule=name).firings)
            for name in ("cool", "muted", "many")
        }
        assert quiet == {
            "cool": ["", "cool-down", "cool-down", "cool-down"],
            "muted": ["muted"] * 4,
            "many": ["", "", "too many", "too many"],
        }
        assert it.desk.mute("muted", "0s") == 0
        ids = [one.delivery_id for one in it.desk.history().firings]
        assert it.desk.acknowledge(ids[:2], "ada") == 2
        assert it.desk.acknowledge(ids[:3], "bob") == 1
        page = it.desk.history(5)
        rest = it.desk.history(50, after=page.next or "")
        assert [one.delivery_id for one in (*page.firings, *rest.firings)] == ids


def test_who_is_told_in_vain_is_given_up_visibly_and_sent_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    """After `alerts.tries_max` tries it stays in the history; a person can send it again."""
    receiver.status = 410
    with post(tmp_path, "alerts.tries_max=2") as it:
        it.desk.put_channel("ops", {"kind": "webhook", "url": receiver.url, "secret": SECRET})
        it.desk.put_rule(it.desk.read_new_rule("r", _session(channels=["ops"]))[0])
        it.fire("r", range(1))
        with closing(it.outbox()):
            it.wait_until("dead", 1)
        (channel,) = it.desk.channels()
        assert (channel.dead, "410" in channel.error) == (1, True)
        assert "not-shown" not in repr(channel)
        receiver.status = 200
        assert it.desk.revive() == 1
        with closing(it.outbox()):
            receiver.wait(1)


def test_a_redirect_is_not_followed(tmp_path: Path, receiver: Receiver) -> None:
    """It could lead anywhere."""
    with receiving() as other, post(tmp_path) as it:
        receiver.status, receiver.headers = 307, {"location": other.url}
        it.desk.put_channel("ops", {"kind": "webhook", "url": receiver.url, "secret": SECRET})
        with pytest.raises(Unavailable, match="307"):
            it.desk.test_channel("ops")
        assert (receiver.requests, other.requests) == (1, 0)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0",  # noqa: S104
     "fd00::1",
     "::ffff:127.0.0.1", "100.64.0.1", "224.0.0.1", "2002:7f00:1::"],
)  # fmt: skip
def test_private_addresses_are_refused(address: str) -> None:
    """In each way in which they can be written."""
    with pytest.raises(Invalid, match=r"alerts\.private_addresses"):
        Reach().check_address(address)
    Reach().check_address("93.184.215.14")
    Reach(is_private_allowed=True).check_address(address)


def test_a_name_is_judged_by_what_it_means(tmp_path: Path, receiver: Receiver) -> None:
    """Localhost is a name like any other; hosts that are not listed are not even looked up."""
    port = receiver.url.rsplit(":", 1)[1]
    channel = {"kind": "webhook", "url": f"http://localhost:{port}", "secret": SECRET}
    with post(tmp_path, "alerts.private_addresses=false") as it:
        it.desk.put_channel("ops", channel)
        assert "alerts.private_addresses" in it.desk.test_channel("ops")
    with post(tmp_path, 'alerts.hosts_allowed=["*.example"]') as it:
        assert "alerts.hosts_allowed" in it.desk.test_channel("ops")
    assert receiver.requests == 0


def test_mail_arrives_and_apprise_reaches_only_what_is_allowed(tmp_path: Path) -> None:
    """A real SMTP server; the process of Apprise is judged at each connection."""
    with mailing() as mail, post(tmp_path) as it:
        it.desk.put_channel("mail", {"kind": "apprise", "url": mail.url})
        it.desk.put_rule(it.desk.read_new_rule("r", _session(channels=["mail"]))[0])
        ids = it.fire("r", range(3))
        with closing(it.outbox()):
            it.wait_until("sent", 3)
        assert set(mail.ids()) == set(ids)
        with pytest.raises(Invalid, match="schemes_allowed"):
            it.desk.put_channel("other", {"kind": "apprise", "url": "syslog://x"})
        count = len(mail.texts)
        with post(tmp_path, "alerts.private_addresses=false") as strict:
            assert "alerts.private_addresses" in strict.desk.test_channel("mail")
        assert len(mail.texts) == count


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Also SQL that is more than one expression, and channels that are not there."""
    with post(tmp_path) as it:
        wrong: dict[str, Any] = {"kind": "metric", "window": "1s", "of": "1", "every": "7s", "x": 1}
        with pytest.raises(Invalid) as told:
            it.desk.read_new_rule("a b", wrong)
        assert len(told.value.problems) == 6
        for text in ("true), (false", "1) FROM events WHERE (true", "true) UNION (SELECT true"):
            with pytest.raises(Invalid, match="one SQL expression"):
                it.desk.read_new_rule("r", _session(when=text))
        with pytest.raises(Invalid, match="no channel 'ops'"):
            it.desk.read_new_rule("r", _session(channels=["ops"]))


def _session(**more: Any) -> dict[str, Any]:
    return {"kind": "session", "when": "duration_ms < 20000", **more}
