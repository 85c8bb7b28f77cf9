"""What processes of the tree ask of the kernel."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from footfall.machine.process import give_way


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's scheduler")
def test_thread_gives_way_and_others_do_not() -> None:
    """Whoever holds locks stays as it is."""
    with ThreadPoolExecutor(1, initializer=give_way) as executor:
        assert executor.submit(os.sched_getscheduler, 0).result() == os.SCHED_IDLE
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's scheduler")
def test_thread_works_where_it_may_not_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sandbox that forbids it costs priority, not maintenance."""

    def forbid(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", forbid)
    with ThreadPoolExecutor(1, initializer=give_way) as executor:
        assert executor.submit(str, 1).result() == "1"
