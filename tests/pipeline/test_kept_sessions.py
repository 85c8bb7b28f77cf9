"""Sessions in files: readers see what they would see of memory, and little is written twice."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from footfall.clock import MINUTE, SECOND
from footfall.errors import Unavailable
from footfall.lake.cut import Cut, read_cut
from footfall.query.engine import Engine
from footfall.studio.api.status.status import LogReader, read_status
from tests.pipeline.harness import Bench, event, request
from tests.pipeline.sessions_process import MEMORY_MAX, VISITORS
from tests.pipeline.test_pipeline import SETTINGS, _traffic
from tests.scale import scaled

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", range(scaled(1, 20)))
def test_readers_see_the_same_wherever_sessions_lie(seed: int, tmp_path: Path) -> None:
    """After each micro-batch, each epoch and a restart: every column of every session."""
    in_files = Bench(tmp_path / "files", *SETTINGS)
    in_memory = Bench(tmp_path / "memory", *SETTINGS, "sessions.file_rows_min=1000000")
    benches = in_files, in_memory
    engines = [Engine(bench.home, "default", bench.settings.query) for bench in benches]
    pipelines = [bench.pipeline() for bench in benches]
    kept = 0
    with closing(engines[0]), closing(engines[1]):
        for number, requests in enumerate(_traffic(200 + seed, 6)):
            if number == 3:
                pipelines = [bench.pipeline() for bench in benches]
            for bench, pipeline in zip(benches, pipelines, strict=True):
                bench.append(requests)
                pipeline.step()
            assert _sessions(engines[0]) == _sessions(engines[1]), f"{number=} before its epoch"
            for bench, pipeline in zip(benches, pipelines, strict=True):
                bench.clock.advance(20 * SECOND)
                pipeline.step()
                pipeline._take_commit(wait=True)
            assert _sessions(engines[0]) == _sessions(engines[1]), f"{number=} after its epoch"
            kept += len(_cut(in_files).sessions["gap"].kept)
            assert not _cut(in_memory).sessions["gap"].kept
            for bench in benches:
                bench.clock.advance(70 * SECOND)
    assert kept > 0


def _sessions(engine: Engine) -> list[dict[str, object]]:
    rows = engine.run("SELECT * EXCLUDE (epoch) FROM sessions ORDER BY session_id").table
    return rows.to_pylist()


def _cut(bench: Bench) -> Cut:
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    return cut


def test_an_epoch_names_the_files_of_the_one_before(tmp_path: Path) -> None:
    """What an epoch writes for readers follows its events, not the sessions that are open."""
    bench = Bench(tmp_path, *SETTINGS, "sessions.file_rows_min=100")
    pipeline = bench.pipeline()
    seen: list[Cut] = []
    for number, visitors in enumerate((400, 3, 3)):
        at = bench.clock.now_us()
        events = [event(f"{number}-{v}", at, 1000 * number + v) for v in range(visitors)]
        events += [event("0-7", at, 1000 * number + 999)]
        bench.append([request(number, events, at)])
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        seen.append(_cut(bench))
    first = seen[0]
    assert len(first.sessions["gap"].kept) == 1
    assert len({cut.sessions["gap"].kept for cut in seen}) == 1
    assert len({cut.sessions["gap"].shown for cut in seen}) == 3
    with closing(Engine(bench.home, "default", bench.settings.query)) as engine:
        (row,) = engine.run(
            "SELECT count(*) AS n, sum(events) AS e FROM sessions"
        ).table.to_pylist()
    assert row == {"n": 406, "e": 409}


def test_a_file_of_which_little_counts_is_written_anew(tmp_path: Path) -> None:
    """Readers map whole files: sessions that were written since must not pile up in them."""
    bench = Bench(tmp_path, *SETTINGS, "sessions.file_rows_min=100")
    gap = bench.settings.sessions.gap
    pipeline = bench.pipeline()
    at = bench.clock.now_us()
    bench.append(
        request(n, [event(f"{n}-{v}", at - n * gap // 2, 200 * n + v) for v in range(v_max)], at)
        for n, v_max in enumerate((50, 350))
    )
    seen = []
    for _ in range(2):
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        seen.append(_cut(bench).sessions["gap"].kept)
        bench.clock.advance(3 * gap // 4)
    (first,), (second,) = seen
    tail = bench.home.tail_dir("default")
    assert first != second
    rows = [pa.ipc.open_file(tail / name).read_all().num_rows for name in (first, second)]
    assert rows == [400, 50]
    with closing(Engine(bench.home, "default", bench.settings.query)) as engine:
        (row,) = engine.run(
            "SELECT count(*) AS n, count_if(status = 'open') AS o FROM sessions"
        ).table.to_pylist()
    assert row == {"n": 400, "o": 50}


def test_a_bound_that_is_reached_is_said(tmp_path: Path) -> None:
    """Late events wait longer then: whoever runs it must see why, and what to do."""
    bench = Bench(tmp_path, *SETTINGS, "sessions.hot_max=3")
    pipeline = bench.pipeline()
    for number in range(3):
        at = bench.clock.now_us()
        events = [event(f"v{number}-{v}", at, 10 * number + v) for v in range(3)]
        bench.append([request(number, events, at)])
        for _ in range(2):
            pipeline.step()
            bench.clock.advance(20 * SECOND)
        pipeline._take_commit(wait=True)
        assert _cut(bench).hot_age is None, "open sessions may be more, and stay"
        assert _problems(bench) == ()
        bench.clock.advance(bench.settings.sessions.gap // 4)
    for _ in range(3):
        bench.clock.advance(bench.settings.sessions.gap // 2)
        pipeline.step()
        pipeline._take_commit(wait=True)
    assert len(pipeline.truth.state.default) == 3
    age = _cut(bench).hot_age
    assert age is not None
    assert 0 <= age < bench.settings.sessions.hot_age
    assert f"remembered for {age / MINUTE:.1f} min only" in _problems(bench)[0]


def _problems(bench: Bench) -> tuple[str, ...]:
    def no_log() -> LogReader:
        raise Unavailable("not asked for")

    return read_status(bench.home, "default", bench.clock, no_log).problems


def test_many_visitors_fit_into_little_memory(tmp_path: Path) -> None:
    """Three hundred thousand visitors, checkpoints, a restart: in less than a kilobyte each."""
    command = [sys.executable, "-m", "tests.pipeline.sessions_process", str(tmp_path)]
    done = subprocess.run(
        command, cwd=REPOSITORY, check=False, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {"sessions": VISITORS, "again": VISITORS, "shown": VISITORS}
    assert MEMORY_MAX < 1_024 * VISITORS
