"""A pipeline with metadata in PostgreSQL: equal rows, whatever the database does meanwhile."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest
from tools.servers.postgres import PostgresServer

from footfall.clock import SECOND
from footfall.errors import Invalid, Unavailable
from footfall.metadata import Metadata
from footfall.pipeline._run import _work_through_full_disks
from tests.pipeline.harness import Bench
from tests.pipeline.test_pipeline import SETTINGS, _comparable, _drive, _traffic
from tests.servers.databases import new_database, overrides_of


def test_database_that_goes_away_between_epochs_changes_no_row(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """The pipeline that meets it starts over; plans that were written before are redone."""
    batches = _traffic(11, 4)
    shared = new_database(postgres_server)
    local = Bench(tmp_path / "a", *SETTINGS)
    remote = Bench(tmp_path / "b", *SETTINGS, *overrides_of(shared))
    with_file, with_database = local.pipeline(), remote.pipeline()
    _drive(local, with_file, batches)
    with_file.finish()
    _drive(remote, with_database, batches[:2])
    postgres_server.stop()
    try:
        with pytest.raises(Unavailable, match=r"metadata\.url is right"):
            _drive(remote, with_database, batches[2:3])
    finally:
        postgres_server.start()
    again = remote.pipeline()
    again.step()
    again.close_epoch()  # as the one before would have, had it been heard
    again._take_commit(wait=True)
    remote.clock.advance(70 * SECOND)
    _drive(remote, again, batches[3:])
    again.finish()
    assert not remote.home.metadata_file.exists()
    with contextlib.closing(Metadata.open(remote.home, settings=shared)) as metadata:
        ledger = metadata.ledger("default")
    assert ledger.problems() == []
    assert ledger == Metadata.open(local.home).ledger("default")
    assert _comparable(remote.tables()) == _comparable(local.tables())
    for pipeline in (with_database, again):
        pipeline.close()
    remote.stop_consumers()


class _Work:
    """Fails with what is given, one after the other, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __call__(self, ready: object) -> None:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)


class _Stopping(threading.Event):
    """Waits for nothing and notes how long it should have."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return self.is_set()


def test_what_is_away_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """In the same process, later and later: no death, so no request is suspected of it."""
    work, stopping = _Work(*(Unavailable("the database is away") for _ in range(6))), _Stopping()
    _work_through_full_disks(work, lambda: None, stopping, list)
    assert work.tries == 7
    assert stopping.waited == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert "the database is away; looking again in 4 s" in capsys.readouterr().err


def test_what_needs_a_person_is_not_waited_for() -> None:
    """And who is told to stop stops."""
    with pytest.raises(Invalid):
        _work_through_full_disks(_Work(Invalid("mend it")), lambda: None, _Stopping(), list)
    stopping = _Stopping()
    stopping.set()
    with pytest.raises(Unavailable):
        _work_through_full_disks(_Work(Unavailable("away")), lambda: None, stopping, list)
