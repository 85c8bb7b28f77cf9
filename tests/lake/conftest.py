"""Servers for the tests of this folder."""

from tests.object_server import bucket, s3_server
from tests.postgres_server import postgres_server

__all__ = ["bucket", "postgres_server", "s3_server"]
