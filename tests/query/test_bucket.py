"""SQL over a lake in a bucket: by a confined worker, and of the project's own files alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import footfall
from footfall.cli.asking.sql import sql
from footfall.errors import FootfallError, Unavailable
from footfall.lake import Lake, LakePlace
from footfall.lake.store.options import bucket_of
from footfall.query import QueryPool
from footfall.query.cuts.bucket_files import BucketFiles
from footfall.query.definitions import NO_DEFINITIONS
from footfall.query.engine import Engine
from footfall.query.pool import _start
from footfall.settings import LakeSettings, load_settings
from footfall.upgrade import stamp_new
from tests.query.cuts import CutWriter, event_table, query_settings
from tests.servers.s3 import S3Server

SECRETS = ("s3_secret_key", "s3_access_key")


@pytest.fixture
def writer(tmp_path: Path, s3_server: S3Server, bucket: str) -> CutWriter:
    """Five events, committed to the bucket; the home has the settings, as a person writes them."""
    made = CutWriter(tmp_path / "home")
    stamp_new(made.home)
    options = s3_server.options
    made.home.settings_file.write_text(
        f'[lake]\nlocation = "{bucket}/lake"\ns3_endpoint = "{options.endpoint}"\n'
        f's3_access_key = "{options.access_key}"\ns3_secret_key = "{options.secret_key}"\n'
        '[query]\nmemory_max = "256MiB"\nthreads = 1\n'
    )
    made._lake = Lake(LakePlace.of(_settings(made), made.home.lake_dir), "default")
    made.to_lake("events", event_table({"epoch": 1} for _ in range(5)))
    made.publish()
    return made


def _settings(writer: CutWriter) -> LakeSettings:
    return load_settings(writer.home.settings_file).lake


def _sql(writer: CutWriter, statement: str) -> Result:
    app = typer.Typer()
    app.command()(sql)
    return CliRunner().invoke(app, [statement, "--home", str(writer.home.root), "--format", "csv"])


def test_sql_reads_the_bucket(writer: CutWriter) -> None:
    """The command line's worker, confined but for the network, and the Python API."""
    assert all(file.startswith("s3://") for file in writer.lake.plan("events").files)
    found = _sql(writer, "SELECT count(*) AS n, max(epoch) AS epoch FROM events")
    assert (found.exit_code, found.stdout) == (0, '"n","epoch"\n5,1\n')
    assert len(footfall.open(writer.home.root).events) == 5


@pytest.fixture
def engine(writer: CutWriter) -> Iterator[Engine]:
    opened = Engine(writer.home, "default", query_settings(), bucket_of(_settings(writer)))
    yield opened
    opened.close()


def test_statements_reach_nothing_else_in_the_bucket(
    writer: CutWriter, engine: Engine, s3_server: S3Server, bucket: str
) -> None:
    """Neither past the guard nor behind it: another project's files are not DuckDB's to open."""
    other = f"{bucket}/lake/other/events/data/x.parquet"
    mine = writer.lake.plan("events").files[0]
    s3_server.store(bucket).write(other, s3_server.store(bucket).read(mine))
    for path in (mine, other):
        with pytest.raises(FootfallError, match="read_parquet"):
            engine.run(f"SELECT * FROM read_parquet('{path}')")
    rows = engine._connection.execute(f"SELECT count(*) FROM read_parquet('{mine}')").fetchall()
    assert rows == [(5,)]
    with pytest.raises(Exception, match="disabled by configuration"):
        engine._connection.execute(f"SELECT * FROM read_parquet('{other}')")


def test_nothing_is_written_or_removed_behind_the_guard(
    writer: CutWriter, engine: Engine, s3_server: S3Server, bucket: str
) -> None:
    """The keys could, and DuckDB writes where it may read; its way to the bucket cannot."""
    before = sorted(one.path for one in s3_server.store(bucket).list(f"{bucket}/lake"))
    mine = writer.lake.plan("events").files[0]
    for path in (mine, f"{bucket}/lake/default/new.parquet"):
        with pytest.raises(Exception, match="it changes no file"):
            engine._connection.execute(f"COPY (SELECT 1 AS n) TO '{path}' (FORMAT parquet)")
    with pytest.raises(PermissionError):
        BucketFiles(s3_server.options).rm_file(mine)
    assert sorted(one.path for one in s3_server.store(bucket).list(f"{bucket}/lake")) == before
    assert writer.lake.read("events").num_rows == 5


def test_store_that_is_away_is_told_and_comes_back(
    writer: CutWriter, engine: Engine, s3_server: S3Server
) -> None:
    """A sentence without addresses or keys; asked again, the answer."""
    s3_server.stop()
    try:
        with pytest.raises(Unavailable, match="object store") as caught:
            engine.run("SELECT count(*) FROM events")
    finally:
        s3_server.start()
    assert s3_server.options.secret_key not in str(caught.value)
    assert engine.run("SELECT count(*) AS n FROM events").table.column("n").to_pylist() == [5]


def test_credentials_of_the_environment_reach_the_worker(
    writer: CutWriter, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As containers have them; nothing else of the environment does."""
    text = writer.home.settings_file.read_text()
    kept = [line for line in text.splitlines() if not line.startswith(("s3_access", "s3_secret"))]
    writer.home.settings_file.write_text("\n".join(kept))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.options.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.options.secret_key)
    found = _sql(writer, "SELECT count(*) AS n FROM events")
    assert (found.exit_code, found.stdout) == (0, '"n"\n5\n')
    options = bucket_of(_settings(writer))
    environ = {"AWS_SESSION_TOKEN": "a", "AWS_PROFILE": "b", "SECRET": "c"}
    assert _start(options, NO_DEFINITIONS, environ)[1] == {"AWS_SESSION_TOKEN": "a"}
    assert _start(None, NO_DEFINITIONS, environ)[1] == {}


def test_secrets_are_no_arguments_of_the_worker(writer: CutWriter) -> None:
    """Everybody on a machine can list the arguments of its processes."""
    pool = QueryPool(writer.home, "default", query_settings(), bucket_of(_settings(writer)))
    shown = " ".join(pool._arguments)
    assert [name for name in SECRETS if getattr(_settings(writer), name).shown in shown] == []
