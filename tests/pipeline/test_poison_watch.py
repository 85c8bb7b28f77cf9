"""No outcome of a search stops the pipeline, and no death while it recovers is for ever."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.clock import SECOND
from footfall.decode import decoders, leave_out
from footfall.lake import Lake
from footfall.log import LogSource
from footfall.metadata import Metadata
from footfall.pipeline import EpochPlan, EpochResult
from footfall.pipeline._trouble import TroubleNote, read_trouble, trouble_file
from footfall.pipeline.epoch import commit as commit_module
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.poison.attempts import DEATHS, Attempts
from footfall.pipeline.poison.bounds import unbounded
from footfall.pipeline.poison.poison import PoisonWatch
from footfall.pipeline.poison.search import Found, Job
from footfall.pipeline.recovery import recovery
from footfall.pipeline.recovery.checkpoint import Checkpoint, Checkpoints
from footfall.positions import Place, Slice
from footfall.request import encode_request
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock
from tests.pipeline.harness import START_US, Bench, event, request
from tests.pipeline.plug_in import PROTOCOL, install

COUNT = 30


def _die(file: Path, start: int, end: int, times: int = DEATHS) -> None:
    for _ in range(times):
        with pytest.raises(MemoryError), Attempts(file).working([Slice(0, start, end)]):
            raise MemoryError


class Watch:
    """A `PoisonWatch` whose search is the test's, and what became of it."""

    def __init__(self, directory: Path, *overrides: str) -> None:
        self.told: list[str] = []
        self.accused: list[int] = []
        self.jobs: list[Job] = []
        self.settings = load_settings(overrides=overrides)
        self.attempts = Attempts(directory / "attempts.json")
        note = TroubleNote(directory / "trouble.json", SimClock(START_US), self.told.append)
        self.subject = PoisonWatch(
            self.attempts,
            self.settings.pipeline,
            LogSource(str(directory), "shop", self.settings.log),
            note,
            unbounded,
        )

    def search(self, *rounds: Found) -> None:
        """Let it search; the rounds find this, one after the other."""
        left = list(rounds)

        def run(job: Job) -> Found:
            self.jobs.append(job)
            return left.pop(0)

        self.subject._run = run  # type: ignore[method-assign]
        self.subject.search(
            Rules.of(self.settings), lambda: tuple(self.accused), self.accused.extend
        )
        assert not left


def test_more_than_a_round_finds_are_all_put_aside_with_an_alarm(tmp_path: Path) -> None:
    """Fifty at fault, twenty in a round: three rounds, each from where the last one was."""
    _die(tmp_path / "attempts.json", 0, 100)
    watch = Watch(tmp_path)
    watch.search(
        Found(tuple(range(20)), 20),
        Found(tuple(range(20, 40)), 40),
        Found(tuple(range(40, 50)), 100),
    )
    assert watch.accused == [Place(0, offset) for offset in range(50)]
    assert [job.requests for job in watch.jobs] == [
        Slice(0, 0, 100),
        Slice(0, 20, 100),
        Slice(0, 40, 100),
    ]
    assert [job.quarantined for job in watch.jobs] == [(), (), ()]  # before its range
    alarms = [line for line in watch.told if "there are more than one round finds" in line]
    assert len(alarms) == 2
    assert not watch.subject.is_due


def test_a_round_that_dies_is_gone_on_with_by_the_next_process(tmp_path: Path) -> None:
    _die(tmp_path / "attempts.json", 0, 100)
    watch = Watch(tmp_path)
    with pytest.raises(IndexError):  # the second round ends the process
        watch.search(Found((3,), 60))
    again = Watch(tmp_path)
    assert again.subject.is_due
    again.search(Found((), 100))
    assert [job.requests for job in again.jobs] == [Slice(0, 60, 100)]


def test_a_plug_in_that_cannot_be_loaded_is_left_out_and_the_search_goes_on(tmp_path: Path) -> None:
    _die(tmp_path / "attempts.json", 0, 100)
    watch = Watch(tmp_path)
    watch.search(Found((), 0, plug_ins=("xyz",)), Found((7,), 100))
    assert [job.left_out for job in watch.jobs] == [(), ("xyz",)]
    assert watch.accused == [Place(0, 7)]
    assert Attempts(tmp_path / "attempts.json").left_out == ("xyz",)
    lines = read_trouble(tmp_path / "trouble.json").lines(START_US)
    assert "failed events with reason poison until a start can load them: xyz" in lines[-1]


@pytest.mark.parametrize(
    "found",
    [Found((), 100), Found((), 100, is_together=True), Found((), 0, passes_nothing=True)],
    ids=["innocent", "together", "nothing passes"],
)
def test_where_none_is_at_fault_smaller_parts_are_tried_for_ever(
    tmp_path: Path, found: Found
) -> None:
    """Kills from outside count as deaths; they must not stop it for good, however many there are.

    From the second search on the operator reads what else may be the cause.
    """
    halvings = []
    advised = []
    for _ in range(3):
        _die(tmp_path / "attempts.json", 0, 100)
        watch = Watch(tmp_path)
        assert watch.subject.is_due
        watch.search(found)
        assert not watch.subject.is_due
        assert watch.accused == []
        halvings.append(watch.subject.halvings)
        advised.append(any("raise pipeline.memory_max" in line for line in watch.told))
    assert advised == [False, True, True]
    assert halvings == sorted(set(halvings))


def test_a_search_that_cannot_be_run_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _die(tmp_path / "attempts.json", 0, 100)
    watch = Watch(tmp_path)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    watch.subject.search(Rules.of(watch.settings), lambda: (), watch.accused.extend)
    assert any("could not be looked for" in line for line in watch.told)
    assert not watch.subject.is_due


def test_all_of_many_poisonous_requests_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real children, a plug-in that exits at every other request, three in a round."""
    monkeypatch.setenv("PYTHONPATH", str(install(tmp_path / "site")))
    log = LogSource(str(tmp_path), "shop", load_settings().log).writer()
    log.append(
        [
            encode_request(
                msgspec.structs.replace(
                    request(number, [event("v", START_US, number)], START_US),
                    protocol=PROTOCOL,
                    headers=(("referer", "exit" if number % 2 else ""),),
                )
            )
            for number in range(COUNT)
        ]
    )
    log.close()
    _die(tmp_path / "attempts.json", 0, COUNT)
    watch = Watch(tmp_path, "pipeline.poison_requests_max=6")
    watch.subject.search(
        Rules.of(watch.settings), lambda: tuple(watch.accused), watch.accused.extend
    )
    assert watch.accused == [Place(0, offset) for offset in range(1, COUNT, 2)]


@pytest.fixture
def clean_decoders() -> Iterator[None]:
    yield
    leave_out(())


def test_the_pipeline_goes_on_without_a_plug_in_that_fails_when_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_decoders: None
) -> None:
    """Its requests are failed events with payload; when it is mended, new ones are events."""
    site = install(tmp_path / "site")
    module = site / "poisonous.py"
    sound = module.read_text()
    module.write_text("raise RuntimeError('half installed')\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    decoders.cache_clear()
    bench = Bench(tmp_path / "home")
    made = [
        request(number, [event("v", START_US, number)], START_US + number * SECOND)
        for number in range(6)
    ]
    theirs = [msgspec.structs.replace(one, protocol=PROTOCOL) for one in made[1::2]]
    bench.append([*made[::2], *theirs[:2]])
    pipeline = bench.pipeline()
    pipeline.finish()
    pipeline.close()
    failed = bench.tables()["failed_events"].to_pylist()
    assert [(row["log_offset"], row["reason"]) for row in failed] == [(3, "poison"), (4, "poison")]
    assert all(b'"events"' in row["payload"] for row in failed)
    assert bench.tables()["events"].num_rows == 3
    assert any("are left out; mend or remove them" in line for line in bench.told)
    module.write_text(sound)
    sys.modules.pop("poisonous", None)
    bench.append(theirs[2:])
    pipeline = bench.pipeline()
    pipeline.finish()
    pipeline.close()
    assert bench.tables()["events"].num_rows == 4
    assert read_trouble(trouble_file(bench.home, "default")).left_out == ()
    sys.modules.pop("poisonous", None)


def _filled(tmp_path: Path) -> Bench:
    """Some epochs, two checkpoints, and an open epoch."""
    bench = Bench(tmp_path / "home", "pipeline.epoch_events_max=4", "pipeline.checkpoint_epochs=1")
    for number in range(COUNT):
        at = START_US + number * SECOND
        bench.append([request(number, [event(f"v{number % 3}", at, number)], at)])
        pipeline = bench.pipeline() if number == 0 else pipeline  # noqa: F821
        pipeline.step()
        pipeline._take_commit(wait=True)
    pipeline.close()
    assert len(Checkpoints(bench.home.state_dir("default")).epochs()) == 2
    return bench


def test_deaths_at_a_checkpoint_lead_to_the_one_before_and_then_to_the_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that dies of loading its state must not die of it for ever; nothing is lost."""
    bench = _filled(tmp_path)
    newest = Checkpoints(bench.home.state_dir("default")).epochs()[-1]
    read, rebuild = Checkpoints.read, recovery.rebuild
    tried: list[str] = []
    fatal = {f"checkpoint {newest}", f"checkpoint {newest - 1}"}

    def reading(self: Checkpoints, epoch: int) -> Checkpoint:
        tried.append(f"checkpoint {epoch}")
        if tried[-1] in fatal:
            raise MemoryError
        return read(self, epoch)

    def rebuilding(*arguments: Any) -> Checkpoint:
        tried.append("lake")
        return rebuild(*arguments)

    monkeypatch.setattr(Checkpoints, "read", reading)
    monkeypatch.setattr(recovery, "rebuild", rebuilding)
    for _ in range(2 * DEATHS):
        with pytest.raises(MemoryError):
            bench.pipeline()
    pipeline = bench.pipeline()
    pipeline.finish()
    pipeline.close()
    assert tried == [
        *[f"checkpoint {newest}"] * DEATHS,
        *[f"checkpoint {newest - 1}"] * DEATHS,
        "lake",
    ]
    said = [re.findall(r"trying (.*)", line) for line in bench.told if "while it recovered" in line]
    assert [words for (words,) in said] == [
        *["the checkpoint before the newest"] * DEATHS,
        "without checkpoints, from the lake",
    ]
    events = bench.tables()["events"].column("log_offset").to_pylist()
    assert sorted(events) == list(range(COUNT))
    assert Metadata.open(bench.home).ledger("default").problems() == []
    fatal.clear()
    tried.clear()
    bench.pipeline().close()
    assert len(tried) == 1  # and it is the newest again
    assert tried[0] != "lake"


def test_after_deaths_epochs_and_batches_are_small_and_grow_again(tmp_path: Path) -> None:
    """What only fits in memory in parts is done in parts, each of them progress."""
    bench = Bench(tmp_path / "home", "pipeline.micro_batch_requests_max=16")
    file = bench.home.state_dir("default") / "attempts.json"
    file.parent.mkdir(parents=True)
    _die(file, 0, COUNT, 2)
    bench.append(
        [
            request(n, [event("v", START_US + n * SECOND, n)], START_US + n * SECOND)
            for n in range(COUNT)
        ]
    )
    pipeline = bench.pipeline()
    pipeline.finish()
    pipeline.close()
    sizes = {
        plan.epoch: plan.log_to.total - plan.log_from.total
        for plan in Metadata.open(bench.home).last_epochs("default", 100)
        if plan.log_to != plan.log_from
    }
    # 16 >> 2, then >> 1, then all that is left
    assert [sizes[epoch] for epoch in sorted(sizes)] == [4, 8, 18]
    assert Lake(bench.home.lake_dir, "default").read("events").num_rows == COUNT


def test_a_planned_epoch_that_is_too_large_for_memory_is_planned_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redoing it ends the process, however often: the plan is made smaller, the rest comes after.

    The oracle is the same stream without any death.
    """
    requests = [
        request(n, [event(f"v{n % 4}", START_US + n * SECOND, n)], START_US + n * SECOND)
        for n in range(COUNT)
    ]
    expected = Bench(tmp_path / "expected")
    expected.append(requests)
    pipeline = expected.pipeline()
    pipeline.finish()
    pipeline.close()

    done = commit_module.finish

    def finishing(plan: EpochPlan, *arguments: Any) -> EpochResult:
        if plan.log_to.total - plan.log_from.total > 5:
            raise MemoryError
        return done(plan, *arguments)

    monkeypatch.setattr(commit_module, "finish", finishing)
    monkeypatch.setattr(PoisonWatch, "_run", lambda _, job: Found((), job.requests.stop))
    bench = Bench(tmp_path / "home", "pipeline.micro_batch_requests_max=32")
    bench.append(requests)
    deaths = 0
    while True:
        try:
            pipeline = bench.pipeline()
            pipeline.finish()
        except MemoryError:
            deaths += 1
            assert deaths < 40
        else:
            break
    pipeline.close()
    assert any("trying one of requests 0 to" in line for line in bench.told)
    columns = ("log_offset", "visitor_id", "event_time", "session_id")
    found, wanted = (
        sorted(
            one.tables()["events"].select(columns).to_pylist(), key=lambda row: row["log_offset"]
        )
        for one in (bench, expected)
    )
    assert found == wanted
    assert Metadata.open(bench.home).ledger("default").problems() == []
