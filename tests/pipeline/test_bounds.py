"""Work that takes too long is given up, and the process lives; what cannot be given up ends it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from footfall.pipeline.poison.bounds import Late, in_time


def _spin() -> None:
    while True:
        pass


def test_work_that_does_not_end_is_given_up() -> None:
    with pytest.raises(Late):
        in_time(0.01, _spin)


def test_what_swallows_everything_is_told_again() -> None:
    """A plug-in with a bare `except` is late a second time."""
    swallowed = []

    def work() -> None:
        try:
            _spin()
        except BaseException as error:
            swallowed.append(type(error))
        _spin()

    with pytest.raises(Late):
        in_time(0.01, work)
    assert swallowed == [Late]


def test_nothing_rings_afterwards() -> None:
    before = signal.getsignal(signal.SIGALRM)
    assert in_time(60, lambda: 5) == 5
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before
    with pytest.raises(Late):
        in_time(0.01, _spin)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_error_of_the_work_is_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        in_time(60, lambda: 1 // 0)


_HANG = """
from collections import deque
from itertools import repeat
from footfall.pipeline.poison import bounds as _bounds
_bounds._GRACE_SECONDS_MIN = 0.1
_bounds.in_time(0.1, lambda: deque(repeat(0), maxlen=0))
"""


def test_what_never_comes_back_to_python_ends_the_process_without_a_traceback() -> None:
    """In C, holding the interpreter: neither alarm nor thread of Python runs."""
    done = subprocess.run(
        [sys.executable, "-c", _HANG], capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")
