"""PostgreSQL's names, for tests that know them from here; they live in `tests/servers`."""

from tests.servers.postgres import PostgresServer, postgres_server

__all__ = ["PostgresServer", "postgres_server"]
