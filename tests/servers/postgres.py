"""A real PostgreSQL, which can be stopped and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tools.servers import CannotRun
from tools.servers.postgres import PostgresServer


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """One of the caller's own, running."""
    try:
        server = PostgresServer()
    except CannotRun as reason:
        pytest.skip(str(reason))
    with server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Running; whoever stops it starts it again."""
    with postgres() as server:
        yield server
