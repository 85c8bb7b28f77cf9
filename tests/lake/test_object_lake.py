"""A lake whose files lie on a real S3 server: what holds on a disk holds there.

Each test with the catalog in a SQLite file (one machine), in PostgreSQL, and behind Iceberg REST
(several: then locks are notes in the store).
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fsspec.implementations.arrow import ArrowFSWrapper
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitStateUnknownException
from sqlalchemy.exc import OperationalError

from footfall.clock import DAY, HOUR, Clock
from footfall.errors import CommitUnknown, Conflict, Corrupt, Unavailable
from footfall.event import TIMESTAMP, UUID16
from footfall.lake import TABLES, Lake, LakePlace, Maintenance, RetentionBound, inspect_data_files
from footfall.lake.commit.expiry import files_below, reachable
from footfall.lake.store.leases import StoreLocks
from footfall.lake.store.objects import file_system
from footfall.secret import with_password
from footfall.session import OVERRIDE_SCHEMA
from footfall.settings import LakeSettings, load_settings
from footfall.testing.events import NOON_US, event_table, uuid_of
from footfall.testing.sim_clock import SimClock
from tests.lake.test_lake import sample_row
from tests.servers.postgres import PostgresServer
from tests.servers.s3 import S3Server

OpenLake = Callable[..., Lake]


@pytest.fixture(params=["sqlite", "postgresql", "rest"])
def settings(request: pytest.FixtureRequest, s3_server: S3Server, bucket: str) -> LakeSettings:
    environ = {**s3_server.environ, "FOOTFALL__LAKE__LOCATION": f"{bucket}/lake"}
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        environ["FOOTFALL__LAKE__CATALOG"] = server.uri
        environ["FOOTFALL__LAKE__CATALOG_PASSWORD"] = server.password
    if request.param == "rest":
        environ["FOOTFALL__LAKE__CATALOG"] = request.getfixturevalue("rest_catalog").uri
    return load_settings(None, environ).lake


@pytest.fixture
def place(settings: LakeSettings, tmp_path: Path) -> LakePlace:
    return LakePlace.of(settings, tmp_path / "home" / "lake")


@pytest.fixture
def open_lake(project: str) -> Iterator[OpenLake]:
    """Opens lakes, and closes their connections at the end."""
    with contextlib.ExitStack() as stack:

        def opened(place: LakePlace, clock: Clock | None = None) -> Lake:
            lake = Lake(place, project, clock)
            stack.callback(lake.close)
            return lake

        yield opened


@pytest.fixture
def project() -> str:
    """Tests share one database."""
    return f"p{uuid.uuid4().hex[:12]}"


def _events(count: int, epoch: int, **columns: object) -> pa.Table:
    return event_table({"epoch": epoch, **columns} for _ in range(count))


def _ids(rows: pa.Table) -> list[bytes]:
    return sorted(rows.column("event_id").to_pylist())


def test_epochs_land_once_and_every_engine_reads_them(
    place: LakePlace, open_lake: OpenLake, project: str, s3_server: S3Server
) -> None:
    """Commits, a redone epoch, and the rows by PyIceberg and DuckDB without a line of ours."""
    lake = open_lake(place)
    rows = [_events(3, 1), _events(2, 2)]
    assert lake.commit("events", rows[0], 1)
    assert not lake.commit("events", rows[0], 1)
    assert lake.commit("events", rows[1], 2)
    assert (lake.plan("events").rows, lake.epoch("events")) == (5, 2)
    ids = _ids(pa.concat_tables(rows))
    assert _ids(open_lake(place).read("events")) == ids
    plain = _plain_catalog(place, s3_server)
    scan = plain.load_table((project, "events")).scan(selected_fields=("event_id",))
    found = scan.to_arrow().column("event_id").to_pylist()
    plain.close()
    assert sorted(value.bytes for value in found) == ids
    with duckdb.connect() as connection:
        connection.register_filesystem(_duckdb_files(s3_server))
        files = list(lake.plan("events").files)
        query = "SELECT event_id FROM read_parquet($1)"
        by_duckdb = connection.execute(query, [files]).fetchall()
    assert sorted(value.bytes for (value,) in by_duckdb) == ids


def test_old_metadata_is_removed_once(
    place: LakePlace,
    open_lake: OpenLake,
    project: str,
    s3_server: S3Server,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By us or by the catalog's server, and nobody warns of a file that the other one removed."""
    lake = open_lake(place)
    lake.commit("events", _events(1, 1), 1)
    plain = _plain_catalog(place, s3_server)
    table = plain.load_table((project, "events"))
    table.transaction().set_properties(
        {"write.metadata.previous-versions-max": "2"}
    ).commit_transaction()
    plain.close()
    again = open_lake(place)
    caplog.clear()  # of what was told meanwhile: a web server in this process asks for all
    with caplog.at_level("WARNING", logger="pyiceberg"):
        for epoch in range(2, 7):
            again.commit("events", _events(1, epoch), epoch)
    assert caplog.messages == []
    files = place.store.list(f"{place.store.root}/{project}/events/metadata")
    assert sum(file.path.endswith(".metadata.json") for file in files) == 3


def _plain_catalog(place: LakePlace, server: S3Server) -> Catalog:
    """PyIceberg's alone."""
    files = server.options.for_iceberg()
    if place.catalog.startswith("http"):
        return load_catalog("footfall", type="rest", uri=place.catalog, **files)
    uri = f"sqlite:///{place.directory / 'catalog.db'}"
    if place.catalog:
        named = ("lake.catalog_password", "lake.catalog")
        uri = with_password(place.catalog, place.password, *named)
        uri = uri.replace("://", "+psycopg://")
    return SqlCatalog("footfall", uri=uri, **files)


def _duckdb_files(server: S3Server) -> fsspec.AbstractFileSystem:
    class S3(ArrowFSWrapper):
        protocol = "s3"

    return S3(file_system(server.options))


def test_every_table_takes_its_rows(place: LakePlace, open_lake: OpenLake) -> None:
    """All of them, and what is read is what was written."""
    lake = open_lake(place)
    for name in TABLES:
        row = sample_row(name)
        assert lake.commit(name, row, 1)
        assert lake.read(name).equals(row)


def _maintenance(
    tmp_path: Path, lake: Lake, settings: LakeSettings, clock: Clock, **changed: object
) -> Maintenance:
    values = {name: getattr(settings, name) for name in settings.__struct_fields__}
    tail = tmp_path / "tail"
    tail.mkdir(exist_ok=True)
    return Maintenance(lake, tmp_path / "notes", tail, LakeSettings(**{**values, **changed}), clock)


def test_compaction_expiry_and_two_phases_of_garbage(
    place: LakePlace, open_lake: OpenLake, settings: LakeSettings, tmp_path: Path
) -> None:
    """Many small files become one; the old ones go after their grace; what stays is what is named.

    Orphans of a writer that died go, too; the rows are the same at every step.
    """
    clock = SimClock()
    lake = open_lake(place, clock)
    rows = [_events(3, epoch) for epoch in range(1, 5)]
    for epoch, part in enumerate(rows, start=1):
        assert lake.commit("events", part, epoch)
    (orphan,) = lake.write_files("events", _events(1, 9), lake.new_id())
    work = _maintenance(tmp_path, lake, settings, clock, snapshots_max=1, file_grace=HOUR)
    assert work.compact(full=True).files_before == 4
    assert len(lake.plan("events").files) == 1
    assert _ids(lake.read("events")) == _ids(pa.concat_tables(rows))
    assert work.expire() > 0
    first = work.sweep()
    assert first.removed == 0
    assert first.waiting >= 5
    assert place.store.size(orphan.file_path) is not None
    clock.advance(HOUR + 1)
    assert work.sweep().removed == first.waiting
    assert place.store.size(orphan.file_path) is None
    for table in TABLES:
        below = {file.path for file in files_below(lake.table(table), place.store)}
        assert below == reachable(lake.table(table))
    assert _ids(open_lake(place).read("events")) == _ids(pa.concat_tables(rows))
    assert list(inspect_data_files(lake, is_deep=True)) == [None]


def test_notes_fold_and_old_days_go(
    place: LakePlace, open_lake: OpenLake, settings: LakeSettings, tmp_path: Path
) -> None:
    """Overrides become part of the rows, read and written there; retention takes days out whole."""
    clock = SimClock()
    lake = open_lake(place, clock)
    assert lake.commit("events", _events(2, 1), 1)
    renamed = uuid_of("its session now")
    times = pa.array([NOON_US, NOON_US + DAY // 48], pa.int64()).cast(TIMESTAMP)
    row = pa.Table.from_arrays(
        [
            pa.array(["shop"]),
            pa.array(["v1"]),
            times[:1],
            times[1:],
            pa.array([renamed], UUID16),
            pa.array([2], pa.int64()),
        ],
        schema=OVERRIDE_SCHEMA,
    )
    assert lake.commit("session_overrides", row, 2)
    work = _maintenance(tmp_path, lake, settings, clock, fold_rows=1, keep_age=DAY)
    assert work.fold(2) == 1
    assert lake.read("session_overrides").num_rows == 0
    assert lake.read("events").column("session_id").to_pylist() == [renamed] * 2
    now = NOON_US + 10 * DAY
    retained = work.retain(RetentionBound(epoch=2, now=now, floor=now, received=now, known_from=1))
    assert (retained.days, retained.rows) == (1, 2)
    assert lake.read("events").num_rows == 0


def test_of_two_committers_one_lands(place: LakePlace, open_lake: OpenLake) -> None:
    """Both have the same metadata in hand when they commit: the loser sees it and writes nothing.

    The second commits between the first one's look and its commit, the worst moment.
    """
    first, second = open_lake(place), open_lake(place)
    rows = _events(4, 1)
    look = first._is_newer
    others = iter([lambda: second.commit("events", rows, 1)])
    landed = []

    def look_then_lose(current: object) -> bool:
        answer = look(current)  # type: ignore[arg-type]
        landed.extend(other() for other in others)
        return answer

    first._is_newer = look_then_lose  # type: ignore[method-assign]
    landed.append(first.commit("events", rows, 1))
    assert landed == [True, False]
    assert open_lake(place).plan("events").rows == 4


@pytest.mark.parametrize("settings", ["sqlite", "postgresql"], indirect=True)
def test_store_that_goes_away_costs_time_only(
    place: LakePlace, open_lake: OpenLake, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gone in the middle of a commit: a sentence that says what to do; back, the epoch is redone.

    Its rows are there once, also where data files of the first attempt are left behind.
    """
    lake = open_lake(place)
    assert lake.commit("events", _events(2, 1), 1)
    rows = _events(3, 2)
    real = lake.write_files

    def write_files_then_lose(*arguments: object) -> object:
        files = real(*arguments)  # type: ignore[arg-type]
        s3_server.stop()
        return files

    monkeypatch.setattr(lake, "write_files", write_files_then_lose)
    try:
        with pytest.raises(Unavailable, match=r"see that it runs and that lake\.s3_endpoint"):
            lake.commit("events", rows, 2)
    finally:
        s3_server.start()
    monkeypatch.undo()
    again = open_lake(place)
    assert again.epoch("events") == 1
    assert lake.commit("events", rows, 2)
    assert not again.commit("events", rows, 2)
    stored = again.read("events")
    assert _ids(stored.filter(pc.equal(stored.column("epoch"), 2))) == _ids(rows)
    assert again.plan("events").rows == 5


@pytest.mark.parametrize("has_committed", [True, False])
def test_answer_that_is_lost_is_looked_up(
    place: LakePlace,
    open_lake: OpenLake,
    project: str,
    monkeypatch: pytest.MonkeyPatch,
    has_committed: bool,
) -> None:
    """The catalog breaks off before or after: the next attempt looks before anything else."""
    lake = open_lake(place)
    commit = lake._catalog.commit_table

    def break_off(*arguments: object, **named: object) -> object:
        monkeypatch.undo()
        if has_committed:
            commit(*arguments, **named)  # type: ignore[arg-type]
        if place.catalog.startswith("http"):
            raise CommitStateUnknownException("502 Bad Gateway")
        raise OperationalError("COMMIT", {}, Exception("server closed the connection"))

    monkeypatch.setattr(lake._catalog, "commit_table", break_off)
    with pytest.raises(CommitUnknown, match="the next attempt looks first"):
        lake.commit("events", _events(3, 1), 1)
    files = list(place.store.list(place.table_path(project, "events")))
    assert lake.commit("events", _events(3, 1), 1) is not has_committed
    if has_committed:
        assert list(place.store.list(place.table_path(project, "events"))) == files
    assert lake.plan("events").rows == 3


def test_catalog_that_lost_a_table_does_not_make_it_anew(
    place: LakePlace, open_lake: OpenLake, project: str
) -> None:
    """Its rows would be garbage: it says that the files are there and stops."""
    lake = open_lake(place)
    lake.commit("events", _events(1, 1), 1)
    lake._catalog.drop_table((project, "events"))
    with pytest.raises(Corrupt, match="lacks a table whose files are there"):
        open_lake(place)


def test_committer_taken_for_dead_writes_again(
    open_lake: OpenLake,
    s3_server: S3Server,
    bucket: str,
    postgres_server: PostgresServer,
    tmp_path: Path,
) -> None:
    """It was only slow, and its files were swept as garbage before it came to commit them.

    It is told, and what it commits then has files of its own; nothing in the table is missing.
    """
    shared = LakePlace(
        tmp_path, s3_server.store(bucket), postgres_server.uri, postgres_server.password
    )
    hasty = LakePlace(tmp_path, shared.store, shared.catalog, shared.password, lock_age_max=-HOUR)
    clock = SimClock()
    slow, sweeper = open_lake(shared), open_lake(hasty, clock)
    assert isinstance(slow.locks, StoreLocks)
    lake_settings = load_settings().lake
    work = _maintenance(tmp_path, sweeper, lake_settings, clock, file_grace=HOUR)
    check = slow.locks.check

    def sweep() -> None:
        work.sweep()
        clock.advance(HOUR + 1)
        work.sweep()

    def sweep_then_look() -> None:
        sweep()
        check()

    def look_then_sweep() -> None:
        check()
        sweep()

    for at_worst in (sweep_then_look, look_then_sweep):
        slow.locks.check = at_worst  # type: ignore[method-assign]
        with pytest.raises(Conflict, match=r"lake\.lock_age_max"):
            slow.commit("events", _events(2, 1), 1)
        assert not slow.plan("events").files
    slow.locks.check = check  # type: ignore[method-assign]
    assert slow.commit("events", _events(2, 1), 1)
    assert open_lake(shared).read("events").num_rows == 2
