"""A real S3 server, which can be stopped and started again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from tools.servers import CannotRun, versitygw

if TYPE_CHECKING:
    from footfall.lake.store.objects import ObjectStore, S3Options


class S3Server(versitygw.S3Server):
    """With what stores and settings call it."""

    @property
    def options(self) -> S3Options:
        from footfall.lake.store.objects import S3Options  # heavy, and most tests need none

        return S3Options(self.endpoint, self.region, self.access_key, self.secret_key)

    @property
    def environ(self) -> dict[str, str]:
        """The same as environment variables of settings."""
        return {
            "FOOTFALL__LAKE__S3_ENDPOINT": self.endpoint,
            "FOOTFALL__LAKE__S3_REGION": self.region,
            "FOOTFALL__LAKE__S3_ACCESS_KEY": self.access_key,
            "FOOTFALL__LAKE__S3_SECRET_KEY": self.secret_key,
        }

    def store(self, root: str) -> ObjectStore:
        from footfall.lake.store.objects import ObjectStore

        return ObjectStore(root, self.options)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Running; whoever stops it starts it again."""
    try:
        server = S3Server(tmp_path_factory.mktemp("s3"))
    except CannotRun as reason:
        pytest.skip(f"no S3 server: {reason}")
    with server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server) -> str:
    """Address of a bucket of the test's own."""
    return s3_server.bucket(f"lake-{uuid.uuid4().hex[:12]}")
