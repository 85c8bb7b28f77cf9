"""Readers on another machine: a second home that shares the bucket and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import footfall
from footfall.cli.asking.sql import sql
from footfall.clock import SECOND
from footfall.errors import LeaseLost, Unavailable
from footfall.lake import Lake, LakePlace, Maintenance
from footfall.lake.cut import Cut
from footfall.lake.shared_cut import SharedCut
from footfall.settings import load_settings
from tests.pipeline.harness import Bench, event, request
from tests.servers.s3 import S3Server


@pytest.fixture
def place(s3_server: S3Server, bucket: str) -> tuple[str, ...]:
    options = s3_server.options
    return (
        f'lake.location="{bucket}/lake"',
        f'lake.s3_endpoint="{options.endpoint}"',
        f'lake.s3_access_key="{options.access_key}"',
        f'lake.s3_secret_key="{options.secret_key}"',
        'lake.cuts="lake"',
        'query.memory_max="256MiB"',
        "query.threads=1",
    )


@pytest.fixture
def elsewhere(tmp_path: Path, place: tuple[str, ...]) -> Path:
    """A home with settings alone."""
    root = tmp_path / "elsewhere"
    root.mkdir()
    sections: dict[str, list[str]] = {}
    for line in place:
        section, _, setting = line.partition(".")
        sections.setdefault(section, []).append(setting)
    text = "".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in sections.items())
    (root / "footfall.toml").write_text(text)
    return root


def _send(bench: Bench, number: int, events: int = 2) -> None:
    now = bench.clock.now_us()
    bench.append(
        [request(number, [event(f"v{n}", now, 10 * number + n) for n in range(events)], now)]
    )


def test_another_machine_sees_each_epoch_whole(
    tmp_path: Path, elsewhere: Path, place: tuple[str, ...]
) -> None:
    """Open sessions, renamed events and rows, as the pipeline's own machine sees them."""
    with pytest.raises(Unavailable, match="nothing to read yet"):
        len(footfall.open(elsewhere).events)
    bench = Bench(tmp_path / "here", *place)
    pipeline = bench.pipeline()
    _send(bench, 1)
    pipeline.step()
    there = footfall.open(elsewhere)
    assert (len(there.events), len(there.sessions)) == (0, 0), "no preview is shown"
    pipeline.finish()
    assert (len(there.events), len(there.sessions)) == (2, 2)
    found = there.sql("SELECT count(*) AS n FROM events JOIN sessions USING (session_id)")
    assert found.rows() == [{"n": 2}]
    _send(bench, 2, events=3)
    pipeline.finish()
    assert len(there.events) == 5
    assert not list(bench.home.tail_dir("default").glob("*.arrow"))
    app = typer.Typer()
    app.command()(sql)
    asked = ["SELECT count(*) AS n FROM events", "--home", str(elsewhere), "--format", "csv"]
    done = CliRunner().invoke(app, asked)
    assert (done.exit_code, done.stdout) == (0, '"n"\n5\n'), "a confined worker"
    pipeline.close()
    bench.stop_consumers()


def test_what_was_read_while_an_epoch_was_committed_is_not_in_its_cut(
    tmp_path: Path, elsewhere: Path, place: tuple[str, ...]
) -> None:
    """Its positions and ledger are those of the epoch; rows of the next would not fit to them."""
    bench = Bench(tmp_path / "here", *place)
    pipeline = bench.pipeline()
    _send(bench, 1)
    pipeline.step()
    pipeline.close_epoch()
    _send(bench, 2, events=3)
    prepared = pipeline._feed.next(pipeline._offset)
    assert prepared is not None
    pipeline._preview_requests(prepared)
    pipeline._take_commit(wait=True)
    there = footfall.open(elsewhere)
    assert (len(there.events), len(there.sessions)) == (2, 2)
    newest = _newest(bench)
    assert newest is not None
    assert (newest.epoch, newest.ledger.events, newest.positions.total) == (1, 2, 1)
    pipeline.finish()
    assert len(there.events) == 5
    pipeline.close()
    bench.stop_consumers()


def test_an_older_pipeline_publishes_nothing(tmp_path: Path, place: tuple[str, ...]) -> None:
    """Paused while another took over: its next cut is refused, and it ends."""
    bench = Bench(tmp_path / "here", *place)
    old = bench.pipeline()
    bench.stop_consumers()
    new = bench.pipeline()
    _send(bench, 1)
    new.finish()
    before = _newest(bench)
    with pytest.raises(LeaseLost):
        old._restart_preview()
    assert _newest(bench) == before
    new.close()
    bench.stop_consumers()


def _cuts(bench: Bench) -> SharedCut:
    place = LakePlace.of(bench.settings.lake, bench.home.lake_dir)
    return SharedCut(place.store, "default")


def _newest(bench: Bench) -> Cut | None:
    return _cuts(bench).newest()


def test_a_statement_that_began_before_a_sweep_reads_on(
    tmp_path: Path, elsewhere: Path, place: tuple[str, ...]
) -> None:
    """Files of its cut outlive it by `lake.cut_grace`, and then they go."""
    bench = Bench(tmp_path / "here", *place)
    pipeline = bench.pipeline()
    _send(bench, 1)
    pipeline.finish()
    there = footfall.open(elsewhere)
    reader = there._engine._reader
    with reader.opened() as made:
        files = made.files["events"]
        held = {*made.cut.plans.values(), *made.cut.tail_files()}
        _send(bench, 2)
        pipeline.finish()
        bench.clock.advance(bench.settings.lake.cut_grace - SECOND)
        _send(bench, 3)
        pipeline.finish()
        names = set(_cuts(bench).names())
        assert held <= names
        assert set(files) <= _cuts(bench).planned_files()
    bench.clock.advance(bench.settings.lake.cut_grace + SECOND)
    _send(bench, 4)
    pipeline.finish()
    newest = _cuts(bench).newest()
    assert newest is not None
    still = {*newest.plans.values(), *newest.tail_files()}
    assert held & set(_cuts(bench).names()) <= still
    pipeline.close()
    bench.stop_consumers()


def test_maintenance_leaves_what_a_cut_of_a_moment_ago_names(
    tmp_path: Path, place: tuple[str, ...]
) -> None:
    """However short `lake.file_grace` is: plan files beside the lake count as those of the home."""
    settings = ("lake.file_grace=1s", "lake.snapshots_max=1", "lake.snapshot_age_max=1s")
    bench = Bench(tmp_path / "here", *place, *settings)
    pipeline = bench.pipeline()
    for number in (1, 2):
        _send(bench, number)
        pipeline.finish()
    cuts, now = _cuts(bench), _newest(bench)
    assert now is not None
    files = set(cuts.plan(now.plans["events"]).files)
    assert len(files) > 1
    work = Maintenance(
        Lake(LakePlace.of(bench.settings.lake, bench.home.lake_dir), "default", bench.clock),
        tmp_path / "notes",
        bench.home.tail_dir("default"),
        bench.settings.lake,
        bench.clock,
    )

    def maintain() -> set[str]:
        for _ in range(3):
            work.compact(full=True)
            work.expire()
            bench.clock.advance(2 * SECOND)
            work.sweep()
        store = LakePlace.of(bench.settings.lake, bench.home.lake_dir).store
        return {file for file in files if store.size(file) is not None}

    assert maintain() == files
    _send(bench, 3)
    pipeline.finish()
    assert maintain() == files, "dropped a moment ago"
    bench.clock.advance(bench.settings.lake.cut_grace)
    _send(bench, 4)
    pipeline.finish()
    assert maintain() == set()
    pipeline.close()
    bench.stop_consumers()


def test_cuts_beside_the_lake_need_a_bucket_and_time() -> None:
    """Both mistakes are told at the start."""
    for overrides, expected in (
        (('lake.cuts="lake"',), "location is no s3://bucket"),
        (
            ('lake.cuts="lake"', 'lake.location="s3://clicks/lake"', 'lake.cut_grace="1m"'),
            "cut_grace must be at least twice query.time_max",
        ),
    ):
        with pytest.raises(footfall.errors.Invalid) as caught:
            load_settings(overrides=overrides)
        assert expected in str(caught.value.problems)
