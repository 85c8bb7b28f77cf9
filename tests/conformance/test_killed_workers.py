"""The real worker on Spark, killed at named moments: each epoch is there once, and equal."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.clock import SystemClock
from footfall.home import Home
from footfall.metadata import Metadata
from tests.conformance.conftest import CONF
from tests.conformance.sides import SETTINGS, Cluster, Embedded, epochs_of, plans_of, rows_of
from tests.conformance.traffic import generated
from tests.conformance.worker_process import MOMENTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
SMALL = ("runner.epoch_requests_max=12", "runner.spark_master=local[2,4]", CONF)
PROJECT = "killed"
LOOKS_MAX = 3_000


@contextlib.contextmanager
def worker(home: Home, settings: tuple[str, ...], *module: str) -> Iterator[subprocess.Popen[str]]:
    """The verb, by the module that runs it; with all that it started it ends here."""
    names = (one.partition("=") for one in settings)
    variables = {"FOOTFALL__" + name.upper().replace(".", "__"): value for name, _, value in names}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", *module, "worker", "--runner", "spark"),
            *("--home", str(home.root), "--project", PROJECT),
        ],
        env={**os.environ, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):  # of its own group: it and its JVM
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def worked_off(home: Home, settings: tuple[str, ...]) -> None:
    """Start a worker, and tell it to stop when it is ready: it does first what there is."""
    ready, clock = home.root / "run" / "worker.json", SystemClock()
    ready.unlink(missing_ok=True)
    with worker(home, settings, "footfall.cli.main") as process:
        for _ in range(LOOKS_MAX):
            if ready.exists() or process.poll() is not None:
                break
            clock.sleep(0.1)
        process.terminate()
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said[-3_000:]


def test_killed_at_each_moment_each_epoch_is_there_once(
    tmp_path: Path, servers: tuple[str, ...], record_property: pytest.RecordProperty
) -> None:
    """After the plan, while executors write, between two tables' commits: then one that lives.

    The oracle is the embedded pipeline, with files of its own, on the plans that were left.
    """
    settings = (*SETTINGS, *SMALL, *servers)
    cluster = Cluster(tmp_path / "cluster", PROJECT, *SMALL, *servers)
    metadata = Metadata.open(cluster.home, settings=cluster.settings.metadata)
    metadata.create_project(PROJECT)
    metadata.close()
    cluster.home.root.mkdir()
    cluster.home.settings_file.touch(0o600)
    cluster.spread(generated(3, 6), seed=3)
    for moment in MOMENTS:
        with worker(cluster.home, settings, "tests.conformance.worker_process", moment) as process:
            _, said = process.communicate(timeout=600)
            assert process.returncode == -signal.SIGKILL, said[-3_000:]
    worked_off(cluster.home, settings)
    plans = plans_of(cluster, PROJECT)
    assert len(plans) > len(MOMENTS)
    one = Embedded(tmp_path / "one")
    one.log.close()
    one.log = cluster.log
    one.follow(plans)
    for mine, theirs in zip(rows_of(one), rows_of(cluster, PROJECT), strict=True):
        assert theirs == mine
    assert epochs_of(cluster, PROJECT) == epochs_of(one)
    cluster.log.close()
    record_property("moments at which a worker was killed", len(MOMENTS))
