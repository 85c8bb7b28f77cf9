"""A receiver that refuses some firings: the others arrive, and in few requests."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from footfall.alerts.actions import Refused
from footfall.alerts.delivery.parting import REFUSALS_MAX, send_in_parts
from footfall.errors import Unavailable
from footfall.metadata.alerts.store import Notice
from tests.alerts.receivers import SECRET, receiving
from tests.alerts.test_outbox import _session, post


class Picky:
    """Refuses every part that has one of `poison`; `away` is after how many it is gone."""

    def __init__(self, poison: set[str], away: int = 10**6) -> None:
        self.poison = poison
        self.away = away
        self.parts: list[list[str]] = []

    def send(self, notices: object) -> None:
        ids = [notice.delivery_id for notice in notices]  # type: ignore[attr-defined]
        self.parts.append(ids)
        if len(self.parts) > self.away:
            raise Unavailable("gone")
        if self.poison & set(ids):
            raise Refused("422")


def notices(count: int) -> list[Notice]:
    return [Notice(f"{number:04}", 1, "ops", "{}") for number in range(count)]


@pytest.mark.parametrize("seed", range(20))
def test_poison_is_found_and_nothing_is_lost(seed: int) -> None:
    """Every firing is taken, refused alone, or left; none twice. Bounded by counted requests."""
    dice = random.Random(seed)  # noqa: S311
    count = dice.randrange(1, 1001)
    poison = {f"{dice.randrange(count):04}" for _ in range(dice.randrange(4))}
    picky, taken = Picky(poison), []
    parted = send_in_parts(
        notices(count), picky.send, lambda some: taken.extend(one.delivery_id for one in some)
    )
    refused = [one.delivery_id for one, _ in parted.refused]
    left = [one.delivery_id for one in parted.left]
    assert sorted(taken + refused + left) == [f"{number:04}" for number in range(count)]
    assert set(refused) <= poison
    assert not poison & set(taken)
    assert parted.taken == len(taken)
    assert len(picky.parts) <= 2 * REFUSALS_MAX + 1
    if len(poison) <= 2:
        assert set(refused) == poison
        assert not left


def test_a_receiver_that_refuses_everything_costs_a_stated_number_of_requests() -> None:
    """And each try finds some that were refused alone, so that the next begins with others."""
    everything = notices(1000)
    picky = Picky({one.delivery_id for one in everything})
    parted = send_in_parts(everything, picky.send, lambda _: None)
    assert len(picky.parts) == REFUSALS_MAX
    assert len(parted.refused) >= 1
    assert len(parted.refused) + len(parted.left) == 1000
    assert parted.taken == 0


def test_a_receiver_that_goes_away_meanwhile_keeps_what_it_took() -> None:
    """The rest is left; what was refused alone before is known."""
    picky = Picky({"0000"}, away=9)
    parted = send_in_parts(notices(100), picky.send, lambda _: None)
    assert str(parted.error) == "gone"
    assert [one.delivery_id for one, _ in parted.refused] == ["0000"]
    assert parted.taken + 1 + len(parted.left) == 100
    assert 0 < parted.taken < 99


def test_one_poison_firing_takes_no_other_to_the_dead_letters(tmp_path: Path) -> None:
    """Each twelfth of 240 firings is answered 422: the others arrive, these are given up visibly.

    They are more than one try finds. Then the receiver likes them, and they are sent again.
    """
    with receiving() as receiver, post(tmp_path, "alerts.tries_max=3") as it:
        it.desk.put_channel("ops", {"kind": "webhook", "url": receiver.url, "secret": SECRET})
        it.desk.put_rule(it.desk.read_new_rule("r", _session(channels=["ops"]))[0])
        ids = it.fire("r", range(240))
        receiver.poison = set(ids[::12])
        with closing(it.outbox()):
            receiver.wait(220)
            it.wait_until("dead", 20)
        assert {one for one, _ in receiver.arrived} == set(ids) - receiver.poison
        assert receiver.requests <= 500
        (channel,) = it.desk.channels()
        assert (channel.waiting, channel.dead, "422" in channel.error) == (0, 20, True)
        receiver.poison = set()
        assert it.desk.revive() == 20
        with closing(it.outbox()):
            receiver.wait(240)
            it.wait_until("sent", 240)
        assert {one for one, _ in receiver.arrived} == set(ids)


@pytest.mark.parametrize("status", [401, 429, 500])
def test_what_is_not_about_firings_is_one_request(tmp_path: Path, status: int) -> None:
    """A wrong key or too many requests: smaller parts would be refused as well."""
    with (
        receiving() as receiver,
        post(tmp_path, "alerts.retry_min=1h", "alerts.retry_max=2h") as it,
    ):
        receiver.status = status
        it.desk.put_channel("ops", {"kind": "webhook", "url": receiver.url, "secret": SECRET})
        it.desk.put_rule(it.desk.read_new_rule("r", _session(channels=["ops"]))[0])
        it.fire("r", range(50))
        with closing(it.outbox()):
            with receiver.changed:
                assert receiver.changed.wait_for(lambda: receiver.requests == 1, 60)
            it.wait_until_failed(50)
        assert receiver.requests == 1
