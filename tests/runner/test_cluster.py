"""On a standalone cluster, a master and a worker of this machine: equal rows."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.request import encode_request
from tests.pipeline.test_pipeline import SETTINGS, _traffic
from tests.runner.driver_process import bench_of
from tests.runner.harness import Bucketed, ledgers, rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
SMALL = (*SETTINGS, "runner.buckets=3", "runner.epoch_requests_max=6")
START_LINES_MAX = 200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def spark_process(said: str, name: str, *arguments: str) -> Iterator[None]:
    """A daemon of Spark, once it said that it is ready; ended by its own number."""
    import pyspark

    home = Path(pyspark.__file__).parent
    process = subprocess.Popen(
        [home / "bin" / "spark-class", f"org.apache.spark.deploy.{name}", *arguments],
        env={**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for _ in range(START_LINES_MAX):
            line = process.stderr.readline()
            assert line, f"{name} ended"
            if said in line:
                break
        else:
            pytest.fail(f"{name} does not get ready")
        # Read on, or it would wait for room in the pipe.
        rest = threading.Thread(target=process.stderr.read)
        rest.start()
        yield
        process.kill()
        rest.join()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture
def master(tmp_path: Path) -> Iterator[str]:
    """Address of a master that has a worker of one core."""
    log = tmp_path / "log4j2.properties"
    log.write_text(
        "rootLogger.level=info\nrootLogger.appenderRef.stdout.ref=console\n"
        "appender.console.type=Console\nappender.console.name=console\n"
        "appender.console.target=SYSTEM_ERR\nappender.console.layout.type=PatternLayout\n"
        "appender.console.layout.pattern=%m%n\n"
    )
    java = f"-Dlog4j2.configurationFile={log}"
    port, ui = free_port(), str(free_port())
    address = f"spark://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SPARK_DAEMON_JAVA_OPTS", java)
        patched.setenv("SPARK_NO_DAEMONIZE", "1")
        with (
            spark_process(
                "New state: ALIVE",
                "master.Master",
                *("--host", "127.0.0.1", "--port", str(port), "--webui-port", ui),
            ),
            spark_process(
                "Successfully registered with master",
                "worker.Worker",
                *("--host", "127.0.0.1", "--cores", "1", "--memory", "1g"),
                *("--webui-port", str(free_port()), "--work-dir", str(tmp_path / "work")),
                address,
            ),
        ):
            yield address


def test_a_cluster_gives_the_rows_of_the_loop(master: str, tmp_path: Path) -> None:
    """The driver in a process of its own: a JVM can have only one session's master."""
    bench = bench_of(tmp_path, *SMALL)
    writer = bench.source.writer()
    for requests in _traffic(61, 4):
        writer.append([encode_request(one) for one in requests])
    writer.close()
    local = Bucketed(tmp_path / "local", *SMALL, log=bench.log, source=bench.source)
    driver = local.driver()
    driver.finish()
    driver.close()
    conf = '["spark.executor.memory=512m","spark.driver.host=127.0.0.1"]'
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "tests.runner.driver_process", tmp_path, "on Spark", *SMALL),
            *(f"runner.spark_master={master}", f"runner.spark_conf={conf}"),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    assert rows(bench) == rows(local)
    assert ledgers(bench) == ledgers(local)
