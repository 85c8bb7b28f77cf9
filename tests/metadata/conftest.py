"""Metadata in a file and in PostgreSQL: what holds for one holds for the other."""

from __future__ import annotations

import pytest

from footfall.settings import MetadataSettings
from tests.servers.databases import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> MetadataSettings | None:
    """None: the file in the home."""
    if request.param == "sqlite":
        return None
    return new_database(request.getfixturevalue("postgres_server"))
