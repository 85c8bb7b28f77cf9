"""Durable requests per second of the collector, beside a bare uvicorn app that stores nothing.

    python benchmarks/bench_collector.py [--seconds 5] [--connections 64] [--home DIR]
                                         [--log sqlite|kafka|both] [--kafka HOST:PORT]

The generator runs on the same cores. A request counts when its answer came, which the collector
gives after the sync. The yardstick is the same server with an app that reads the body and answers.
Beside it: how long an acknowledgement takes at half the rate just reached, and what a refusal
costs, of an app that is over its rate.

With `--log kafka` or `both` the log is a topic of one broker on the same cores, with three
partitions and one copy: what an acknowledgement by Kafka costs beside one by the disk, in one run.

What is not the collector's stands beside it. *Stolen* is the share of the cores that the host of a
virtual machine gave to others meanwhile. *Disk* is the longest sync of 4 KiB in another file of the
same disk at half the rate, tried 200 times a second by this process: when a disk stands still, an
answer that is given after the sync waits for it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from footfall.home import Home
from footfall.metadata import Metadata
from footfall.project import App
from sizes import parsed

COLLECTOR = """
import sys
from pathlib import Path
from footfall import collect
from footfall.home import Home
from footfall.settings import load_settings
overrides = ["collector.port=0", "collector.rate_per_app_max=" + sys.argv[2], *sys.argv[3:]]
collect.run(Home(Path(sys.argv[1])), load_settings(overrides=overrides),
            on_ready=lambda url: print(url, flush=True))
"""

BARE = """
import socket, uvicorn
async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen(1024)
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
config = uvicorn.Config(app, http="httptools", loop="uvloop", access_log=False, log_config=None,
                        lifespan="off", ws="none", proxy_headers=False, server_header=False)
uvicorn.Server(config).run([listening])
"""


@contextlib.contextmanager
def server(code: str, *arguments: str) -> Iterator[tuple[str, int]]:
    """Run a server, give its URL and process id, stop it."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def load(
    url: str, pid: int, events: int, seconds: float, connections: int, rate: float = 0.0
) -> dict[str, float]:
    """Load a server; what the generator saw, and CPU time of the server for each request."""
    command = [
        sys.executable,
        str(Path(__file__).with_name("load.py")),
        url,
        f"--events={events}",
        f"--seconds={seconds}",
        f"--connections={connections}",
        f"--rate={rate}",
    ]
    before, stolen, started = cpu_seconds(pid), stolen_seconds(), time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise SystemExit(f"the generator failed:\n{done.stderr}")
    result = json.loads(done.stdout)
    result["server_cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / result["answers"]
    passed = (time.perf_counter() - started) * (os.cpu_count() or 1)
    result["stolen"] = (stolen_seconds() - stolen) / passed
    return result


def fsync_ms(directory: Path) -> tuple[float, float]:
    """Median and 99th percentile of 200 writes of 4 KiB, each synced."""
    taken = []
    file = directory / "fsync.tmp"
    with file.open("wb") as stream:
        for _ in range(200):
            started = time.perf_counter()
            stream.write(bytes(4096))
            stream.flush()
            os.fsync(stream.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    file.unlink()
    taken.sort()
    return taken[100], taken[197]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def watching_disk(directory: Path) -> Iterator[list[float]]:
    """Sync a file now and then; gives a list that holds how many ms each took, at the end."""
    taken: list[float] = []
    over = threading.Event()

    def watch() -> None:
        with (directory / "watch.tmp").open("wb") as stream:
            while not over.wait(0.005):
                started = time.perf_counter()
                os.pwrite(stream.fileno(), bytes(4096), 0)
                os.fdatasync(stream.fileno())
                taken.append((time.perf_counter() - started) * 1000)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


def stolen_seconds() -> float:
    """CPU time that a virtual machine's host gave to others while this one had work (proc(5))."""
    fields = Path("/proc/stat").read_text().split(maxsplit=9)
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def show(name: str, result: dict[str, float], beside: str = "") -> None:
    print(
        f"{name:<28}{result['requests_per_second']:>9,.0f} req/s"
        f"{result['events_per_second']:>10,.0f} events/s"
        f"  p50 {result['p50_ms']:6.2f} ms  p99 {result['p99_ms']:6.2f} ms"
        f"  CPU {result['server_cpu_us']:4.0f} µs/req  stolen {result['stolen']:4.1%}"
        f"  failed {result['failed']:.0f}  {beside}".rstrip()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--home", type=Path, default=None, help="on the disk to measure")
    parser.add_argument("--log", choices=("sqlite", "kafka", "both"), default="sqlite")
    parser.add_argument("--kafka", default="", help="a broker that runs; else one is started")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(events=(1, 20))
    arguments = parsed(parser, seconds=0.2, connections=4, events=(20,))
    place = {"dir": arguments.home} if arguments.home else {}
    with tempfile.TemporaryDirectory(prefix="footfall-bench-", **place) as directory:
        logs = {"sqlite": ()} if arguments.log != "kafka" else {}
        if arguments.log == "sqlite":
            report(Path(directory), arguments, logs)
            return
        with broker(Path(directory), arguments.kafka) as address:
            report(Path(directory), arguments, logs | {"kafka": on_kafka(address)})


@contextlib.contextmanager
def broker(directory: Path, address: str) -> Iterator[str]:
    """Address of a broker: the one that was named, or one that runs meanwhile."""
    if address:
        yield address
        return
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
    from servers.kafka import KafkaBroker

    (directory / "kafka").mkdir()
    with KafkaBroker(directory / "kafka") as started:
        yield started.address


def on_kafka(address: str) -> tuple[str, ...]:
    """Settings of a log on one broker, in a topic of its own."""
    values = {
        "bootstrap_servers": address,
        "topic": f"bench-{os.getpid()}.{{project}}",
        "partitions": 3,
        "replication_factor": 1,
        "min_insync_replicas": 1,
    }
    return ("log.kind=kafka", *(f"log.kafka.{name}={value}" for name, value in values.items()))


def report(
    directory: Path, arguments: argparse.Namespace, logs: dict[str, tuple[str, ...]]
) -> None:
    home = Home(directory)
    metadata = Metadata.open(home)
    metadata.create_project("default")
    metadata.create_app(App("default", "shop_web", "Shop"))
    metadata.close()
    middle, worst = fsync_ms(directory)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"generator on the same cores, {arguments.connections} connections"
    )
    print(f"fsync of 4 KiB: median {middle:.2f} ms, p99 {worst:.2f} ms")
    results: dict[str, object] = {"fsync_ms": middle}
    for events in arguments.events:
        with server(BARE) as (url, pid):
            bare = load(url + "/collect", pid, events, arguments.seconds, arguments.connections)
        name = f"{events} event{'s' if events > 1 else ''}"
        show(f"bare, {name}", bare, f"{bare['request_bytes']:,.0f} bytes")
        found = {log: measure(home, arguments, events, log, bare, logs[log]) for log in logs}
        results[str(events)] = {"bare": bare, **found}
    if arguments.json:
        print(json.dumps(results))


def measure(
    home: Home,
    arguments: argparse.Namespace,
    events: int,
    log: str,
    bare: dict[str, float],
    settings: tuple[str, ...],
) -> dict[str, dict[str, float]]:
    """A collector on one kind of log: at full rate, at half of it, and what a refusal costs."""
    size = (events, arguments.seconds, arguments.connections)
    with server(COLLECTOR, str(home.root), "1000000", *settings) as (url, pid):
        durable = load(url + "/collect", pid, *size)
        rate = durable["requests_per_second"] / 2
        with watching_disk(home.root) as syncs:
            half = load(url + "/collect", pid, *size, rate)
        half["disk_ms"] = max(syncs)
        memory = resident_mib(pid)
    with server(COLLECTOR, str(home.root), "1", *settings) as (url, pid):
        refused = load(url + "/collect", pid, *size)
    ratio = durable["requests_per_second"] / bare["requests_per_second"]
    name = f"{events} event{'s' if events > 1 else ''}"
    show(f"durable, {name}, {log}", durable, f"{ratio:.2f} of bare")
    show("durable, half the rate", half, f"disk {half['disk_ms']:.1f} ms")
    print(
        f"{'refused: rate of its app':<28}CPU {refused['server_cpu_us']:4.0f} µs/req: "
        f"{refused['server_cpu_us'] / durable['server_cpu_us']:.2f} of an acceptance"
    )
    print(
        f"{'':<28}collector's peak memory {memory:.0f} MiB, generator used "
        f"{durable['generator_cpu']:.2f} of a core"
    )
    return {"durable": durable, "half": half, "refused": refused}


if __name__ == "__main__":
    main()
