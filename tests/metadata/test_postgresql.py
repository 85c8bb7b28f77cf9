"""Metadata that machines share: one lease, one order of writes, and a database that goes away."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tools.servers.postgres import PostgresServer

from footfall.errors import Conflict, Invalid, LeaseLost, Unavailable
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.metadata import Holder, Metadata
from footfall.metadata.place import MetadataPlace
from footfall.positions import Positions
from footfall.settings import MetadataSettings, load_settings
from tests.servers.databases import new_database, overrides_of

PROCESSES, ROUNDS = 2, 15

TAKE = """
import sys
from pathlib import Path
from footfall.errors import Conflict
from footfall.home import Home
from footfall.metadata import Holder, Metadata
from footfall.settings import load_settings
settings = load_settings(overrides=sys.argv[3:]).metadata
metadata = Metadata.open(Home(Path(sys.argv[1])), settings=settings)
holder = Holder("boot", "host", int(sys.argv[2]))
won = []
while len(won) < 15:
    seen = metadata.lease("default")
    try:
        won.append(metadata.take_lease("default", seen, holder))
    except Conflict:
        continue
print(*won)
"""


@pytest.fixture
def settings(postgres_server: PostgresServer) -> MetadataSettings:
    return new_database(postgres_server)


@pytest.fixture
def metadata(tmp_path: Path, settings: MetadataSettings) -> Iterator[Metadata]:
    with contextlib.closing(Metadata.open(Home(tmp_path), settings=settings)) as opened:
        yield opened


def test_two_processes_never_hold_one_term(
    tmp_path: Path, metadata: Metadata, settings: MetadataSettings
) -> None:
    """Who looked before another took it is refused; terms only count up, none is given twice."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE, str(tmp_path), str(number), *overrides_of(settings)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    won = [list(map(int, process.communicate(timeout=120)[0].split())) for process in started]
    assert all(terms == sorted(terms) for terms in won)
    assert sorted(term for terms in won for term in terms) == list(range(1, PROCESSES * ROUNDS + 1))
    lease = metadata.lease("default")
    assert lease is not None
    assert lease.term == PROCESSES * ROUNDS


def test_the_older_term_writes_nothing(
    tmp_path: Path, metadata: Metadata, settings: MetadataSettings
) -> None:
    """A paused pipeline that wakes up on one machine, when another took over on the next."""
    first = metadata.take_lease("default", None, Holder("a", "one", 1))
    with contextlib.closing(Metadata.open(Home(tmp_path / "2"), settings=settings)) as other:
        seen = other.lease("default")
        assert seen is not None
        second = other.take_lease("default", seen, Holder("b", "two", 1))
        with pytest.raises(LeaseLost, match="host=two"):
            _plan(metadata, 1, first)
        _plan(other, 1, second)
        with pytest.raises(LeaseLost):
            metadata.commit_epoch("default", 1, Ledger(), term=first)
        with pytest.raises(Conflict):
            metadata.take_lease("default", seen, Holder("a", "one", 1))
        other.commit_epoch("default", 1, Ledger(), term=second)
    assert [epoch.epoch for epoch in metadata.last_epochs("default")] == [1]


def _plan(metadata: Metadata, epoch: int, term: int) -> None:
    nowhere = Positions()
    metadata.plan_epoch(
        "default", epoch, log_from=nowhere, log_to=nowhere, watermark=0, plan="{}", term=term
    )


def test_transactions_follow_one_another(
    tmp_path: Path, metadata: Metadata, settings: MetadataSettings
) -> None:
    """Checking a term and writing under it are one: nobody takes the lease between the two."""
    place = MetadataPlace.of(Home(tmp_path), settings)
    with metadata._transaction(), psycopg.connect(place.url, autocommit=True) as other:
        other.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("SELECT pg_advisory_xact_lock(x'666F6F7466616C6C'::bigint)")


def test_database_that_goes_away_is_told_without_its_password_and_comes_back(
    metadata: Metadata, settings: MetadataSettings, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """Whatever was answered before is there after it, and the same object goes on."""
    metadata.create_project("default")
    place = MetadataPlace.of(Home(tmp_path), settings)
    postgres_server.stop()
    try:
        with pytest.raises(Unavailable, match=r"metadata\.url is right") as caught:
            metadata.projects()
        with pytest.raises(Unavailable, match=r"metadata\.url is right") as reading:
            place.rows("SELECT 1 FROM projects")
        with pytest.raises(Unavailable) as opening:
            Metadata.open(Home(tmp_path), settings=settings)
    finally:
        postgres_server.start()
    for told in (caught, reading, opening):
        assert postgres_server.password not in str(told.value)
    assert metadata.projects() == ["default"]
    assert postgres_server.password not in repr(place)


def test_rows_are_read_without_the_whole_library(
    metadata: Metadata, settings: MetadataSettings, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """Values are bound; before anybody made the tables there are none; nothing is written."""
    place = MetadataPlace.of(Home(tmp_path), settings)
    metadata.create_project("a-b")
    query = "SELECT project FROM projects WHERE project = ?"
    assert place.rows(query, ["a-b"]) == [("a-b",)]
    assert place.rows(query, ["' OR true --"]) == []
    empty = MetadataPlace.of(Home(tmp_path), new_database(postgres_server))
    assert empty.rows(query, ["a-b"]) == []
    with pytest.raises(Unavailable, match="read-only"):
        place.rows("DELETE FROM projects RETURNING project")


def test_newer_schema_is_refused(
    metadata: Metadata, settings: MetadataSettings, tmp_path: Path
) -> None:
    """An older program must not guess what a newer one meant."""
    place = MetadataPlace.of(Home(tmp_path), settings)
    with psycopg.connect(place.url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Invalid, match=r"upgrade the program.*schema=9999") as caught:
        Metadata.open(Home(tmp_path), settings=settings)
    assert settings.password.shown not in str(caught.value)


def test_mistakes_in_the_address_are_told() -> None:
    """A password in the address would be shown with it."""
    for override, expected in (
        ("metadata.url=postgresql://u:geheim@h/d", "password in metadata.password"),
        ("metadata.url=mysql://h/d", "postgresql://user@host/database"),
        ("metadata.password=geheim", "url is not"),
    ):
        with pytest.raises(Invalid) as caught:
            load_settings(overrides=[override])
        assert expected in str(caught.value)
        assert "geheim" not in str(caught.value)
