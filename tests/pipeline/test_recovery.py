"""A damaged or lost checkpoint costs time and nothing else."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import polars as pl
import pytest

from footfall.clock import SECOND
from footfall.pipeline import checkpoint_epochs
from footfall.pipeline._pipeline import Pipeline
from footfall.sessionize import SegmentNote
from tests.pipeline.harness import Bench
from tests.pipeline.test_pipeline import SETTINGS, _comparable, _drive, _traffic
from tests.scale import scaled


def _state_dir(bench: Bench) -> Path:
    return bench.home.state_dir("default")


def _ran(bench: Bench, seed: int, batches: int) -> Pipeline:
    """A pipeline after some epochs; the last is not closed."""
    pipeline = bench.pipeline()
    _drive(bench, pipeline, _traffic(seed, batches))
    return pipeline


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)


def _zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def test_damaged_checkpoint_is_set_aside_and_an_older_one_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One flipped bit is enough to be noticed; the start goes on by itself and says so."""
    bench = Bench(tmp_path / "home", *SETTINGS)
    before = _ran(bench, 5, 5)
    state = _state_dir(bench)
    newest = max(state.glob("checkpoint-*")).name
    shutil.copytree(state, tmp_path / "whole")
    (segment, *_) = _only_named_by(state, newest)
    files = [f"{newest}/{name}" for name in ("sessions.arrow", "segments.msgpack", "note.json")]
    for name in (*files, f"sessions/{segment}"):
        for damage in (_truncate, _flip, _zero, Path.unlink):
            bench.stop_consumers()
            shutil.rmtree(state)
            shutil.copytree(tmp_path / "whole", state)
            damage(state / name)
            after = bench.pipeline()
            assert after.truth.epoch == before.truth.epoch, (name, damage)
            rows = [one.truth.state.default.to_arrow() for one in (after, before)]
            assert rows[0] == rows[1], (name, damage)
            assert checkpoint_epochs(bench.home, "default"), "all that are left can be read"
            assert (state / f"damaged-{newest}").exists()
            assert f"damaged-{newest}" in capsys.readouterr().err


def _only_named_by(state: Path, newest: str) -> list[str]:
    """Segments' files that no other checkpoint needs."""
    named = {
        path.parent.name: {
            note.file for note in msgspec.msgpack.decode(path.read_bytes(), type=list[SegmentNote])
        }
        for path in state.glob("checkpoint-*/segments.msgpack")
    }
    mine = named.pop(newest)
    return sorted(mine.difference(*named.values()))


def test_files_that_no_checkpoint_names_go(tmp_path: Path) -> None:
    """A death between a segment's file and the checkpoint that names it leaves nothing behind."""
    bench = Bench(tmp_path, *SETTINGS)
    _ran(bench, 5, 5)
    directory = _state_dir(bench) / "sessions"
    for name in ("torn.segment", ".half.segment"):
        (directory / name).write_bytes(b"torn")
    bench.pipeline()
    named = {
        note.file
        for path in _state_dir(bench).glob("checkpoint-*/segments.msgpack")
        for note in msgspec.msgpack.decode(path.read_bytes(), type=list[SegmentNote])
    }
    left = {file.name for file in directory.iterdir()}
    assert named <= left
    assert not {"torn.segment", ".half.segment"} & left


@pytest.mark.parametrize("seed", range(scaled(1, 30)))
def test_state_rebuilt_from_the_lake_equals_the_lost_one(seed: int, tmp_path: Path) -> None:
    """No checkpoint, a trimmed log: sessions and ids come from the lake, and behave the same.

    Traffic has late events, joined and split sessions, repeats. Both go on with the same requests
    and must write the same rows.
    """
    kept, lost = Bench(tmp_path / "kept", *SETTINGS), Bench(tmp_path / "lost", *SETTINGS)
    batches = _traffic(100 + seed, 10)
    loss = random.Random(seed).randint(1, 8)  # noqa: S311 (seeded on purpose)
    for bench in (kept, lost):
        pipeline = bench.pipeline()
        _drive(bench, pipeline, batches[:loss])
        if bench is lost:
            bench.stop_consumers()
            shutil.rmtree(_state_dir(bench))
            bench.log.trim(pipeline.truth.log_to)
            before, pipeline = pipeline, bench.pipeline()
            assert before.truth.epoch > 0
            assert pipeline.truth.epoch == before.truth.epoch
            assert _known(pipeline).equals(_known(before)), f"{seed=} {loss=}"
            assert len(pipeline.truth.duplicates) == len(before.truth.duplicates)
        _drive(bench, pipeline, batches[loss:])
        pipeline.finish()
    assert _comparable(lost.tables()) == _comparable(kept.tables()), f"{seed=} {loss=}"


def _known(pipeline: Pipeline) -> pl.DataFrame:
    """The state; of provisional sessions that they are, since when says only who is first."""
    waits = pl.col("pending_since") > 0
    return pipeline.truth.state.default.frame().with_columns(pending_since=waits)


def test_rebuilt_state_does_not_see_an_epoch_that_is_half_committed(tmp_path: Path) -> None:
    """Tables that have the interrupted epoch already must not make it count twice."""
    whole, cut_off = Bench(tmp_path / "whole", *SETTINGS), Bench(tmp_path / "cut", *SETTINGS)
    batches = _traffic(9, 6)
    for bench in (whole, cut_off):
        pipeline = bench.pipeline()
        _drive(bench, pipeline, batches[:4])
        committed = pipeline.truth.log_to
        bench.append(batches[4])
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        if bench is cut_off:
            # The process dies after all tables took the epoch and before it was marked.
            pipeline._take_commit(wait=True)
            _unmark_last_epoch(bench)
            bench.stop_consumers()
            shutil.rmtree(_state_dir(bench))
            bench.log.trim(committed)
            pipeline = bench.pipeline()
        else:
            pipeline._take_commit(wait=True)
        bench.clock.advance(70 * SECOND)
        _drive(bench, pipeline, batches[5:])
        pipeline.finish()
    assert _comparable(cut_off.tables()) == _comparable(whole.tables())


def _unmark_last_epoch(bench: Bench) -> None:
    with closing(sqlite3.connect(bench.home.metadata_file)) as metadata:
        metadata.execute(
            "UPDATE epochs SET committed_at = NULL, ledger = NULL, ledger_total = NULL"
            " WHERE epoch = (SELECT max(epoch) FROM epochs)"
        )
        metadata.commit()
