"""A real Iceberg REST catalog over SQLite and the S3 server; it can be killed and started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tools.servers import CannotRun
from tools.servers.rest_catalog import RestCatalog

from tests.servers.s3 import S3Server


@pytest.fixture(scope="session")
def rest_catalog(
    s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RestCatalog]:
    """Running at `.uri`; its tables lie in a bucket of its own where a test names no other."""
    warehouse = s3_server.bucket("rest-catalog")
    try:
        catalog = RestCatalog(tmp_path_factory.mktemp("rest_catalog"), s3_server, warehouse)
    except CannotRun as reason:
        pytest.skip(f"no REST catalog: {reason}")
    with catalog:
        yield catalog
