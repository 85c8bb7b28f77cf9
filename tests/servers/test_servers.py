"""The servers do what other tests build on: what they answered is there after a kill."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.rest import RestCatalog as Client
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException
from tools.servers import CannotRun, jars, one_at_a_time
from tools.servers.kafka import KafkaBroker
from tools.servers.postgres import PostgresServer
from tools.servers.rest_catalog import RestCatalog

from tests.servers.s3 import S3Server

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64())})


def one_record(broker: KafkaBroker, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Kafka's own client, which is what a broker has to please."""
    source = str(Path(__file__).parent / "OneRecord.java")
    classes = ("-cp", f"{jars.fetch('kafka')}/*")
    command = (jars.java(), "-XX:TieredStopAtLevel=1", *classes, source, broker.address)
    return subprocess.run((*command, *arguments), capture_output=True, text=True, check=False)


def ask_for_topic(broker: KafkaBroker, name: bytes) -> None:
    """As clients do that write to it; a broker may make it then."""
    request = struct.pack(">hhihih", 3, 1, 1, -1, 1, len(name)) + name
    with socket.create_connection(("127.0.0.1", broker.port), timeout=60) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        assert name in connection.recv(4096)


def test_broker_keeps_what_it_acknowledged(kafka_broker: KafkaBroker) -> None:
    """Killed right after an acknowledgement, it has the record, at the same address.

    A misspelt topic does not come by itself: nothing gets lost in it.
    """
    pid = kafka_broker.pid
    ask_for_topic(kafka_broker, b"misspelt")
    put = one_record(kafka_broker, "kept", "put", "a visit")
    assert put.returncode == 0, put.stderr
    kafka_broker.kill()
    assert kafka_broker.pid is None
    kafka_broker.start()
    assert kafka_broker.pid not in {None, pid}
    assert one_record(kafka_broker, "kept", "get").stdout == "a visit\n"
    topics = {path.name for path in (kafka_broker.directory / "data").glob("*-0")}
    assert ("kept-0" in topics, "misspelt-0" in topics) == (True, False)


def client(catalog: RestCatalog, s3: S3Server) -> Catalog:
    s3_settings = {
        "s3.endpoint": s3.endpoint,
        "s3.access-key-id": s3.access_key,
        "s3.secret-access-key": s3.secret_key,
        "s3.region": s3.region,
    }
    return Client("footfall", uri=catalog.uri, **s3_settings)


def test_catalog_keeps_what_it_answered(rest_catalog: RestCatalog, s3_server: S3Server) -> None:
    """Killed right after a commit, it has the commit; of two writers in a race one wins."""
    first = client(rest_catalog, s3_server)
    first.create_namespace("kept")
    once = {"commit.retry.num-retries": "0"}
    table = first.create_table("kept.rows", ROWS.schema, properties=once)
    slower = first.load_table("kept.rows")
    table.append(ROWS)
    rest_catalog.kill()
    rest_catalog.start()
    again = client(rest_catalog, s3_server)
    assert again.load_table("kept.rows").scan().to_arrow() == ROWS
    with pytest.raises(CommitFailedException):
        slower.append(ROWS)
    assert again.load_table("kept.rows").scan().count() == 3


def test_catalog_over_postgresql(
    postgres_server: PostgresServer, s3_server: S3Server, tmp_path: Path
) -> None:
    """Its tables are in the database as any SQL catalog of Iceberg has them."""
    warehouse = s3_server.bucket("over-postgresql")
    with RestCatalog(tmp_path, s3_server, warehouse, postgres_server.jdbc) as catalog:
        ours = client(catalog, s3_server)
        ours.create_namespace("shared")
        ours.create_table("shared.rows", ROWS.schema).append(ROWS)
        assert not (tmp_path / "catalog.db").exists()
        assert (tmp_path / "catalog.properties").stat().st_mode & 0o077 == 0
    uri = postgres_server.uri.replace(
        "postgresql://postgres", f"postgresql+psycopg://postgres:{postgres_server.password}"
    )
    sql = SqlCatalog("footfall", uri=uri, **{k: v for k, v in ours.properties.items() if "s3" in k})
    assert sql.load_table("shared.rows").scan().to_arrow() == ROWS
    sql.engine.dispose()


@pytest.fixture
def _own_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories and lists of jars that a test may spoil."""
    for name in ("kafka.pom.xml", "kafka.sha256"):
        shutil.copy(jars.HERE / name, tmp_path)
    monkeypatch.setattr(jars, "HERE", tmp_path)
    monkeypatch.setattr(jars, "BUILT", tmp_path / "build" / "servers")
    monkeypatch.setattr("tools.servers.BUILT", tmp_path / "build" / "servers")


@pytest.mark.usefixtures("_own_build")
def test_changed_jar_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One flipped bit in what was downloaded, or later where it lies: it is never run."""

    def download(name: str) -> Path:
        target = jars.BUILT / f"{name}-new"
        target.mkdir()
        for number in range(3):
            (target / f"{number}.jar").write_bytes(bytes([number]) * 1000)
        return target

    monkeypatch.setattr(jars, "_download", download)
    jars.lock("kafka")
    shutil.rmtree(jars.BUILT / "kafka-new")
    assert len((tmp_path / "kafka.sha256").read_text().splitlines()) == 3
    directory = jars.fetch("kafka")
    jar = directory / "1.jar"
    whole = jar.read_bytes()
    jar.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    with pytest.raises(CannotRun, match=r"1\.jar; remove build/servers/kafka-"):
        jars.fetch("kafka")
    jar.rename(jar.with_name("more.jar"))
    with pytest.raises(CannotRun, match=r"1\.jar, more\.jar"):
        jars.fetch("kafka")
    shutil.rmtree(directory)
    list_of_jars = tmp_path / "kafka.sha256"
    text = list_of_jars.read_text()
    list_of_jars.write_text(text.replace(text[:8], "00000000", 1))
    with pytest.raises(CannotRun, match=r"0\.jar"):
        jars.fetch("kafka")
    assert [path.name for path in jars.BUILT.iterdir() if path.name != "lock"] == ["kafka-new"]


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Maven or Java is told what to install, not shown a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(CannotRun, match="install the package maven"):
        jars._download("kafka")
    with pytest.raises(CannotRun, match="install openjdk-17"):
        jars.java()
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    old.chmod(0o755)
    with pytest.raises(CannotRun, match="older than 17"):
        jars.java()


def test_callers_wait_for_one_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two test processes that need a server at once do not write the same files."""
    monkeypatch.setattr("tools.servers.BUILT", tmp_path)
    held = f"flock --nonblock {tmp_path / 'lock'} true"
    with one_at_a_time():
        assert os.system(held) != 0  # noqa: S605 (a command of ours)
    assert os.system(held) == 0  # noqa: S605 (a command of ours)
