"""SIGKILL at named moments: whichever step of its work a process dies in, nothing is lost or twice.

Nothing of the product knows of it: the moment is a system call on a file, see `preload.c`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from tests.faults.moments import MOMENTS, Moment
from tests.faults.shop import WAIT_SECONDS, Shop
from tests.scale import IS_FULL, scaled

SEED = 20261127

SAMPLED = tuple(moment for moment in MOMENTS if moment.is_sampled)


@pytest.mark.slow
@pytest.mark.timeout(scaled(600, 1800))
def test_kill_at_named_moments(shop: Shop, record_property: Callable[[str, object], None]) -> None:
    """Each moment once, in a drawn order, at a drawn time that it comes.

    Every third time the rest of the tree is killed at once as well. After each kill readers must
    get what was acknowledged, once each, and the sessions that follow from it; in the end
    maintenance goes on from whatever was left to it.
    """
    chance = random.Random(SEED)  # noqa: S311 (seeded on purpose)
    moments = chance.sample(MOMENTS, len(MOMENTS)) if IS_FULL else SAMPLED
    for number, moment in enumerate(moments):
        with shop.sending():
            _kill_at(shop, moment, chance)
            if number % 3 == 2:
                shop.tree.kill("tree")
                shop.tree.start()
            shop.tree.wait_until_all_run()
        shop.wait_until_whole()
        shop.wait_until_pages_open()
    done = shop.maintain()
    assert done.returncode == 0, done.stderr
    shop.wait_until_whole()
    shop.stop()
    for process in sorted({moment.process for moment in moments}):
        kills = sum(moment.process == process for moment in moments)
        record_property(f"kills of {process} at named moments, seed {SEED}", kills)
    record_property(f"acknowledged events found once, seed {SEED}", len(shop.acknowledged))


def _kill_at(shop: Shop, moment: Moment, chance: random.Random) -> None:
    rule = moment.rule(chance)
    shop.faults.arm([rule])
    deadline = time.monotonic() + 2 * WAIT_SECONDS
    while shop.faults.is_armed:
        assert time.monotonic() < deadline, f"never came: {rule}\n{shop.tree.errors()}"
        if moment.process == "maintain":
            shop.maintain()
        if moment.process == "studio":
            shop.look()
        time.sleep(0.02)
