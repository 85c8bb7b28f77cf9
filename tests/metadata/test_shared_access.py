"""Keys in a shared database: a request never waits for it, an outage refuses nobody for good."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.servers.postgres import PostgresServer

from footfall.clock import HOUR
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.keys.shared_access import SharedAccess
from footfall.metadata.place import MetadataPlace
from footfall.project import App, hash_server_key
from footfall.settings import MetadataSettings
from footfall.testing import SimClock
from tests.servers.databases import new_database

SHOP = App("default", "shop", "Shop", "UTC", ("https://shop.example",))


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def settings(postgres_server: PostgresServer) -> MetadataSettings:
    return new_database(postgres_server)


@pytest.fixture
def place(tmp_path: Path, settings: MetadataSettings) -> MetadataPlace:
    return MetadataPlace.of(Home(tmp_path), settings)


@pytest.fixture
def metadata(tmp_path: Path, settings: MetadataSettings) -> Iterator[Metadata]:
    with contextlib.closing(Metadata.open(Home(tmp_path), settings=settings)) as opened:
        opened.create_project("default")
        opened.create_app(SHOP)
        yield opened


def _access(place: MetadataPlace, clock: SimClock) -> SharedAccess:
    return SharedAccess(place, clock, "default", 2 * HOUR)


def test_keys_are_as_the_database_has_them(
    metadata: Metadata, place: MetadataPlace, clock: SimClock
) -> None:
    """Origins, server keys, revocations; another project's are not seen."""
    secret, key = metadata.create_server_key("default", "shop")
    access = _access(place, clock)
    found = access.write_id("shop")
    assert found is not None
    assert (found.app_id, found.origins, found.is_revoked, found.trusted) == (
        "shop",
        ("https://shop.example",),
        False,
        False,
    )
    server = access.server_key(hash_server_key(secret))
    assert server is not None
    assert (server.trusted, server.is_revoked) == (True, False)
    assert access.refresh()
    assert not access.refresh(), "told once"
    metadata.revoke_server_key(key.key_hash)
    access.look()
    assert access.refresh()
    revoked = access.server_key(key.key_hash)
    assert revoked is not None
    assert revoked.is_revoked
    assert SharedAccess(place, clock, "other", HOUR).write_id("shop") is None


def test_an_unknown_key_wakes_the_thread(
    metadata: Metadata, place: MetadataPlace, clock: SimClock
) -> None:
    """One that was just made counts in a moment, not after the next poll; strangers cost little."""
    access = _access(place, clock)
    assert access.write_id("new") is None
    assert access._wake.is_set()
    access._wake.clear()
    assert access.write_id("shop") is not None
    assert not access._wake.is_set()


def test_the_thread_follows_and_ends(
    metadata: Metadata, place: MetadataPlace, clock: SimClock
) -> None:
    """As the collector uses it."""
    access = _access(place, clock)
    access.start()
    metadata.create_write_id("default", "shop", "second")
    try:
        for _ in range(600):
            if access.write_id("second") is not None:
                break
            assert access._thread is not None
            access._thread.join(0.05)
        assert access.write_id("second") is not None
    finally:
        access.close()
    assert access._thread is not None
    assert not access._thread.is_alive()


def test_known_keys_count_through_an_outage_and_no_longer(
    metadata: Metadata, place: MetadataPlace, clock: SimClock, postgres_server: PostgresServer
) -> None:
    """What is not known then is neither taken nor refused for good; after it all is as before."""
    access = _access(place, clock)
    assert access.is_sure
    postgres_server.stop()
    try:
        access.look()
        assert access.failures == 1
        assert access.write_id("shop") is not None
        assert not access.is_sure, "a key made a moment ago may be unknown here"
        clock.advance(2 * HOUR)
        assert access.write_id("shop") is not None
        clock.advance(1_000_000)
        assert access.write_id("shop") is None
        started = _access(place, clock)
        assert (started.write_id("shop"), started.is_sure) == (None, False)
    finally:
        postgres_server.start()
    access.look()
    assert access.is_sure
    assert access.write_id("shop") is not None
    assert access.write_id("stranger") is None
