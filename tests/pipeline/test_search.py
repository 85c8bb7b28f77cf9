"""The requests that end the process are found, whatever way they end it, and only those."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from footfall.clock import SECOND
from footfall.log import SqliteLog
from footfall.pipeline._attempts import Attempts
from footfall.pipeline._plan import Rules
from footfall.pipeline._poison import DEATHS, PoisonWatch
from footfall.pipeline._search import Found, Job
from footfall.request import encode_request
from footfall.settings import load_settings
from tests.pipeline.harness import START_US, event, request
from tests.pipeline.plug_in import PROTOCOL, install

COUNT = 40


def _search(
    tmp_path: Path,
    words: dict[int, str],
    *,
    quarantined: tuple[int, ...] = (),
    requests_max: int = 5,
    ends_when_loaded: bool = False,
    search_seconds: int = 120,
) -> Found:
    """Let the search find, in a log of `COUNT` requests, those that have a word for the plug-in."""
    settings = load_settings()
    log = SqliteLog.writer(tmp_path / "log", settings.log)
    log.append(
        [
            encode_request(
                msgspec.structs.replace(
                    request(number, [event("v", START_US, number)], START_US),
                    protocol=PROTOCOL,
                    headers=(("referer", words.get(number, "")),),
                )
            )
            for number in range(COUNT)
        ]
    )
    log.close()
    job = Job(
        log_dir=str(tmp_path / "log"),
        log_from=0,
        log_to=COUNT,
        quarantined=quarantined,
        rules=Rules.of(settings),
        batch_requests_max=16,
        batch_bytes_max=1 << 20,
        memory_max=256 << 20,
        batch_time_max=2 * SECOND,
        requests_max=requests_max,
        search_time_max=search_seconds * SECOND,
    )
    site = install(tmp_path / "site", ends_when_loaded=ends_when_loaded)
    done = subprocess.run(
        [sys.executable, "-m", "footfall.pipeline._search"],
        input=msgspec.json.encode(job),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(site)},
        check=True,
        timeout=200,
    )
    return msgspec.json.decode(done.stdout, type=Found)


@pytest.mark.parametrize(
    "words",
    [
        {0: "exit", COUNT - 1: "segfault"},
        {5: "exit", 6: "segfault", 20: "memory"},
    ],
    ids=lambda words: ", ".join(words.values()),
)
def test_requests_at_fault_are_found(tmp_path: Path, words: dict[int, str]) -> None:
    """One or several, first and last, whatever ends the process."""
    assert _search(tmp_path, words) == Found(tuple(words), "found")


@pytest.mark.slow
def test_request_that_hangs_is_found(tmp_path: Path) -> None:
    """In C, where no thread of ours could stop it."""
    assert _search(tmp_path, {33: "hang"}) == Found((33,), "found")


def test_nobody_is_accused_without_reason(tmp_path: Path) -> None:
    """Kill -9 by an operator is no poison: the same requests pass."""
    assert _search(tmp_path, {}) == Found((), "innocent")


def test_known_ones_are_left_out(tmp_path: Path) -> None:
    """What is quarantined already does not hide the others."""
    words = {3: "exit", 8: "exit"}
    assert _search(tmp_path, words, quarantined=(3,)) == Found((8,), "found")


def test_requests_that_are_too_much_together_are_not_accused(tmp_path: Path) -> None:
    """Each alone fits in memory: the setting, or the plug-in, is at fault."""
    words = dict.fromkeys((2, 12, 22, 32), "some memory")
    assert _search(tmp_path, words) == Found((), "together")


def test_bounds_are_kept(tmp_path: Path) -> None:
    """More requests at fault than allowed: none is put aside, a person has to look."""
    words = dict.fromkeys(range(6), "exit")
    assert _search(tmp_path, words, requests_max=3) == Found((), "too many")


def test_search_ends_in_time(tmp_path: Path) -> None:
    """No time for a single trial: said so, and no child left."""
    assert _search(tmp_path, {1: "hang"}, search_seconds=1) == Found((), "too long")


def test_plug_in_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    """Then no request is to blame."""
    assert _search(tmp_path, {}, ends_when_loaded=True) == Found((), "plug-ins")


def test_a_pipeline_that_is_killed_again_and_again_may_always_try_again(tmp_path: Path) -> None:
    """Kills from outside count as deaths; they must not stop it for good, however many there are.

    From the second search on the operator reads what else may be the cause.
    """
    settings = load_settings()
    log = SqliteLog.writer(tmp_path / "log", settings.log)
    log.append([encode_request(request(0, [event("v", START_US, 0)], START_US))])
    log.close()
    file = tmp_path / "attempts.json"
    told: list[str] = []
    for _ in range(3):
        for _ in range(DEATHS):
            with pytest.raises(MemoryError), Attempts(file).working(0, 1):
                raise MemoryError
        watch = PoisonWatch(Attempts(file), settings.pipeline, tmp_path / "log", told.append)
        assert watch.is_due
        watch.search(Rules.of(settings), (), lambda found: told.append(f"accused: {found}"))
        assert not watch.is_due
    starts = [line for line in told if "deaths without progress: 3; from 3 on" in line]
    assert len(starts) == 3
    assert all("requests 0 to 0 (" in line for line in starts)
    outcomes = [line for line in told if "pass by themselves" in line]
    assert ["raise pipeline.memory_max" in line for line in outcomes] == [False, True, True]
    assert not [line for line in told if line.startswith("accused")]
