"""Apache Kafka: one broker that is its own controller (KRaft), with the limits of a test.

No topic comes by itself, so that a misspelt one is an error. Nothing is replicated: what is
acknowledged lies in the broker's files, and survives `kill`, not a power cut.
"""

from __future__ import annotations

import base64
import os
import socket
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import CannotRun, jars
from .process import Server, free_port

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
"""
_QUICK = "-XX:TieredStopAtLevel=1"
_METADATA = struct.pack(">ihhihi", 14, 3, 1, 1, -1, 0)
"""Length, key and version of a metadata request, its number, no client's name, no topic."""


class KafkaBroker(Server):
    """A broker whose data lie in `directory`.

    Args:
        directory: Exists, and is empty or another broker's before.
        heap_mib: What the Java heap may take; the process takes some 250 MiB more.
        quick: Starts in half the time and never gets fast: for tests, not for figures.
    """

    start_seconds_max = 120

    def __init__(self, directory: Path, heap_mib: int = 384, *, quick: bool = False) -> None:
        super().__init__(directory, "kafka")
        self._java = (jars.java(), "-cp", f"{jars.fetch('kafka')}/*")
        self._heap = f"-Xmx{heap_mib}m"
        self._compiler = (_QUICK,) if quick else ()
        self._controller_port = free_port()
        self._settings = directory / "server.properties"

    @property
    def address(self) -> str:
        """What clients call `bootstrap.servers`."""
        return f"127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        """See `Server.command`."""
        java, *classes = self._java
        options = (self._heap, *self._compiler, "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")
        return (java, *options, *classes, "kafka.Kafka", str(self._settings))

    def start(self) -> None:
        """See `Server.start`; the first time it formats the directory."""
        data = self.directory / "data"
        self._settings.write_text(
            _PROPERTIES.format(controller=self._controller_port, port=self.port, data=data)
        )
        if not (data / "meta.properties").is_file():
            java, *classes = self._java
            tool = (java, _QUICK, *classes, "kafka.tools.StorageTool")
            cluster = base64.urlsafe_b64encode(b"k" + os.urandom(15)).decode().rstrip("=")
            self._run(*tool, "format", "-t", cluster, "-c", str(self._settings))
        super().start()

    def answers(self) -> bool:
        """Its port opens before topics can be made: that is when it counts itself as alive."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(_METADATA)
            answer = connection.makefile("rb").read(12)
        return len(answer) == 12 and struct.unpack(">iii", answer)[2] >= 1

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise CannotRun(f"Kafka cannot be set up: {' '.join(done.stderr.split())[-400:]}")
