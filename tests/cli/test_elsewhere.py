"""Verbs on a machine that shares the database and the bucket, and has settings of its own alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.servers.postgres import PostgresServer
from typer.testing import CliRunner, Result

from footfall.cli.main import app
from footfall.metadata import Metadata
from footfall.project import App
from tests.pipeline.harness import Bench, event, request
from tests.servers.databases import new_database
from tests.servers.s3 import S3Server


@pytest.fixture
def elsewhere(
    tmp_path: Path, s3_server: S3Server, bucket: str, postgres_server: PostgresServer
) -> Iterator[Path]:
    """A pipeline works in one home; the other has `footfall.toml` and nothing else."""
    database = new_database(postgres_server)
    options = s3_server.options
    text = f"""
[metadata]
url = "{database.url}"
password = "{database.password.shown}"
[lake]
location = "{bucket}/lake"
s3_endpoint = "{options.endpoint}"
s3_access_key = "{options.access_key}"
s3_secret_key = "{options.secret_key}"
catalog = "{database.url}"
catalog_password = "{database.password.shown}"
cuts = "lake"
[query]
memory_max = "256MiB"
threads = 1
"""
    overrides = []
    section = ""
    for line in text.split("\n"):
        if line.startswith("["):
            section = line[1:-1]
        elif line:
            name, _, value = line.partition(" = ")
            overrides.append(f"{section}.{name}={value}")
    bench = Bench(tmp_path / "here", *overrides)
    pipeline = bench.pipeline()
    metadata = Metadata.open(bench.home, bench.clock, bench.settings.metadata)
    metadata.create_app(App("default", "shop", "Shop"))
    metadata.close()
    now = bench.clock.now_us()
    bench.append([request(1, [event("v", now, 1), event("w", now, 2)], now)])
    pipeline.finish()
    pipeline._publish()
    assert pipeline.consumers.settle(60)
    root = tmp_path / "there"
    root.mkdir(mode=0o700)
    (root / "footfall.toml").touch(mode=0o600)
    (root / "footfall.toml").write_text(text)
    yield root
    pipeline.close()
    pipeline._lake.close()
    bench.stop_consumers()


def _run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home)])


def test_verbs_work_there_and_tell_no_secret(
    elsewhere: Path, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """SQL, keys, status and doctor; and a backup that would have nothing in it is refused."""
    statement = "SELECT count(*) AS n FROM events JOIN sessions USING (session_id)"
    asked = _run(elsewhere, "sql", statement, "--format", "csv")
    assert (asked.exit_code, asked.stdout) == (0, '"n"\n2\n')
    keys = _run(elsewhere, "key", "list")
    assert keys.exit_code == 0
    assert "shop" in keys.stdout
    status = _run(elsewhere, "status")
    assert "pipeline   epoch 1," in status.stdout
    doctor = _run(elsewhere, "doctor")
    for said in (status.stdout, doctor.stdout):
        assert "postgresql://postgres@127.0.0.1" in said
        assert "lake s3://" in " ".join(said.split())
        assert "/lake/_cuts" in said
    cut = next(line for line in doctor.stdout.splitlines() if line.split()[1:2] == ["cut"])
    assert "epoch 1, all" in cut
    backup = _run(elsewhere, "backup", str(tmp_path / "backup"))
    assert backup.exit_code != 0
    assert "pg_dump" in str(backup.exception) + backup.output
    for done in (asked, keys, status, doctor, backup):
        assert postgres_server.password not in done.output + str(done.exception)
    assert not (elsewhere / "metadata.db").exists()
