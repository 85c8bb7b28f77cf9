"""The requests that end the process are found, whatever way they end it, and only those."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from footfall.log import LogSource
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.poison.search import Found, Job
from footfall.positions import Slice
from footfall.request import encode_request
from footfall.secret import reveal
from footfall.settings import Settings, load_settings
from tests.pipeline.harness import START_US, event, request
from tests.pipeline.plug_in import PROTOCOL, install

COUNT = 40


def _fill(source: LogSource, words: dict[int, str]) -> None:
    """A log of `COUNT` requests for the plug-in, some with a word for it."""
    log = source.writer()
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


def _settings(*more: str) -> Settings:
    return load_settings(
        overrides=[
            "pipeline.micro_batch_requests_max=16",
            "pipeline.memory_max=256MiB",
            "pipeline.batch_time_max=2s",
            *more,
        ]
    )


def _search(
    tmp_path: Path,
    words: dict[int, str],
    *more: str,
    quarantined: tuple[int, ...] = (),
    log_from: int = 0,
    left_out: tuple[str, ...] = (),
    ends_when_loaded: bool = False,
) -> Found:
    """One round of a search among `COUNT` requests, some with a word for the plug-in."""
    settings = _settings(*more)
    source = LogSource(str(tmp_path), "shop", settings.log)
    if not (tmp_path / "log").exists():
        _fill(source, words)
        install(tmp_path / "site", ends_when_loaded=ends_when_loaded)
    job = Job(
        log=source,
        requests=Slice(0, log_from, COUNT),
        quarantined=quarantined,
        rules=Rules.of(settings),
        settings=settings.pipeline,
        left_out=left_out,
    )
    done = subprocess.run(
        [sys.executable, "-m", "footfall.pipeline.poison.search"],
        input=msgspec.json.encode(job, enc_hook=reveal),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
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
    assert _search(tmp_path, words) == Found(tuple(words), COUNT)


@pytest.mark.slow
@pytest.mark.parametrize("word", ["hang", "slow"])
def test_request_that_takes_too_long_is_found(tmp_path: Path, word: str) -> None:
    """In C, where no thread of ours could stop it, or in Python."""
    assert _search(tmp_path, {33: word}) == Found((33,), COUNT)


def test_nobody_is_accused_without_reason(tmp_path: Path) -> None:
    """Kill -9 by an operator is no poison: the same requests pass."""
    assert _search(tmp_path, {}) == Found((), COUNT)


def test_known_ones_are_left_out(tmp_path: Path) -> None:
    """What is quarantined already does not hide the others."""
    words = {3: "exit", 8: "exit"}
    assert _search(tmp_path, words, quarantined=(3,)) == Found((8,), COUNT)


def test_requests_that_are_too_much_together_are_not_accused(tmp_path: Path) -> None:
    """Each alone fits in memory: smaller micro-batches are the cure."""
    words = dict.fromkeys((2, 5, 9, 12), "some memory")
    assert _search(tmp_path, words) == Found((), COUNT, is_together=True)


def test_a_round_ends_at_its_bound_and_the_next_goes_on(tmp_path: Path) -> None:
    """More requests at fault than a round may find: none is forgotten, none is tried twice."""
    words = dict.fromkeys(range(4, 11), "exit")
    at_most = "pipeline.poison_requests_max=3"
    first = _search(tmp_path, words, at_most)
    assert first == Found((4, 5, 6), 7)
    second = _search(tmp_path, words, at_most, log_from=first.log_to)
    assert second == Found((7, 8, 9), 10)
    third = _search(tmp_path, words, at_most, log_from=second.log_to)
    assert third == Found((10,), COUNT)


def test_a_round_without_time_gets_on_all_the_same(tmp_path: Path) -> None:
    """However short the time and slow the machine: each round clears a request or more."""
    words = {1: "exit", 30: "exit"}
    offset, found = 0, []
    for _ in range(COUNT):
        made = _search(tmp_path, words, "pipeline.poison_search_max=1ms", log_from=offset)
        assert made.log_to > offset
        offset = made.log_to
        found += made.offsets
        if offset == COUNT:
            break
    assert found == [1, 30]


def test_plug_in_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    """Then no request is to blame; without it everything can be tried."""
    found = _search(tmp_path, {}, ends_when_loaded=True)
    assert found == Found((), 0, plug_ins=(PROTOCOL,))
    assert _search(tmp_path, {}, left_out=found.plug_ins) == Found((), COUNT)
