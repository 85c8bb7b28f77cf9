"""The collector's view of the keys: right, quick to follow, and light."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.clock import MINUTE, US_PER_MS
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.keys.access import (
    MISS_INTERVAL_US,
    POLL_INTERVAL_US,
    Access,
    AccessDirectory,
    project_names,
)
from footfall.metadata.place import MetadataPlace
from footfall.project import App, hash_server_key
from footfall.testing import SimClock

SHOP = App("default", "shop", "Shop", origins=("https://shop.example",))


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def directory(home: Home, clock: SimClock) -> Iterator[AccessDirectory]:
    with contextlib.closing(AccessDirectory(home.metadata_file, clock, "default")) as directory:
        yield directory


@pytest.fixture
def metadata(home: Home) -> Iterator[Metadata]:
    with contextlib.closing(Metadata.open(home)) as metadata:
        for project in ("default", "other"):
            metadata.create_project(project)
        metadata.create_app(SHOP)
        yield metadata


def remove(home: Home) -> None:
    """Remove the database with its side files, as one must before putting another in its place."""
    for file in home.root.glob("metadata.db*"):
        file.unlink()


def test_before_the_first_start_nobody_is_known(directory: AccessDirectory) -> None:
    """The collector starts before anybody made a project, and answers."""
    assert directory.write_id("shop") is None
    assert not directory.refresh()


def test_keys_are_known_once_the_database_is_there(
    directory: AccessDirectory, metadata: Metadata, clock: SimClock
) -> None:
    """Write ids and server keys stand for their app, and say whether they are secret."""
    secret, _ = metadata.create_server_key("default", "shop")
    clock.advance(POLL_INTERVAL_US)
    assert directory.poll()
    public = Access("shop", ("https://shop.example",), is_revoked=False, trusted=False)
    assert directory.write_id("shop") == public
    assert directory.server_key(hash_server_key(secret)) == Access(
        "shop", ("https://shop.example",), is_revoked=False, trusted=True
    )
    assert directory.write_id(secret) is directory.server_key("shop") is None


def test_changes_are_followed_within_the_poll_interval(
    directory: AccessDirectory, metadata: Metadata, clock: SimClock
) -> None:
    """Revoked keys count within a second, so a leaked one is stopped at once."""
    secret, _ = metadata.create_server_key("default", "shop")
    clock.advance(MINUTE)
    directory.poll()
    metadata.revoke_write_id("shop")
    metadata.revoke_server_key(secret)
    metadata.set_origins("default", "shop", ("*",))
    clock.advance(POLL_INTERVAL_US - 1)
    assert not directory.poll()
    clock.advance(1)
    assert directory.poll()
    assert POLL_INTERVAL_US <= 500 * US_PER_MS
    expected = Access("shop", ("*",), is_revoked=True, trusted=False)
    assert directory.write_id("shop") == expected
    key = directory.server_key(hash_server_key(secret))
    assert key is not None
    assert key.is_revoked
    assert not directory.refresh()


class Counting(AccessDirectory):
    """Counts how often it looks into the database."""

    looks = 0

    def refresh(self) -> bool:
        self.looks += 1
        return super().refresh()


@pytest.fixture
def counting(home: Home, metadata: Metadata, clock: SimClock) -> Iterator[Counting]:
    del metadata  # first
    with contextlib.closing(Counting(home.metadata_file, clock, "default")) as directory:
        directory.looks = 0
        yield directory


def test_a_key_counts_from_the_moment_it_is_made(counting: Counting, metadata: Metadata) -> None:
    """Whoever just made one uses it next; to be refused for a moment looks like a mistake."""
    secret, _ = metadata.create_server_key("default", "shop")
    assert counting.server_key(hash_server_key(secret)) is not None
    assert counting.looks == 1


def test_made_up_keys_cost_a_look_an_interval(
    counting: Counting, metadata: Metadata, clock: SimClock
) -> None:
    """However many a stranger tries; known keys cost none, and poll as ever."""
    for number in range(1000):
        assert counting.write_id(f"made-up-{number}") is None
        assert counting.server_key(f"made-up-{number}") is None
        assert counting.write_id("shop") is not None
    assert counting.looks == 1
    metadata.create_write_id("default", "shop", "new")
    clock.advance(MISS_INTERVAL_US)
    assert counting.write_id("new") is not None
    assert counting.looks == 2


def test_a_database_that_cannot_be_read_is_not_looked_into_again_for_strangers(
    counting: Counting, metadata: Metadata, home: Home, clock: SimClock
) -> None:
    """A locked one is waited for, and the collector answers nobody meanwhile."""
    metadata.close()
    remove(home)
    home.metadata_file.write_bytes(b"damaged" * 1000)
    assert not counting.refresh()
    clock.advance(MINUTE)
    assert counting.write_id("made-up") is None
    assert counting.looks == 1


def test_other_projects_are_not_seen(directory: AccessDirectory, metadata: Metadata) -> None:
    """A key of one project must not write into the log of another."""
    metadata.create_app(App("other", "blog", "Blog"))
    directory.refresh()
    assert directory.write_id("blog") is None
    assert directory.write_id("shop") is not None


def test_replaced_file_is_read_anew(
    directory: AccessDirectory, metadata: Metadata, home: Home, tmp_path: Path
) -> None:
    """A restored backup counts, although the file that was open is still there for us."""
    directory.refresh()
    metadata.close()
    other = Home(tmp_path / "backup")
    with contextlib.closing(Metadata.open(other)) as backup:
        backup.create_project("default")
        backup.create_app(App("default", "restored", "x"))
    remove(home)
    other.metadata_file.rename(home.metadata_file)
    assert directory.refresh()
    assert directory.write_id("restored") is not None
    assert directory.write_id("shop") is None


def test_unreadable_database_leaves_what_was_known(
    directory: AccessDirectory, metadata: Metadata, home: Home
) -> None:
    """Trouble with the metadata must not turn good clients away."""
    directory.refresh()
    metadata.close()
    remove(home)
    home.metadata_file.write_bytes(b"damaged" * 1000)
    assert not directory.refresh()
    assert directory.failures == 1
    assert directory.write_id("shop") is not None


def test_access_needs_the_standard_library_only() -> None:
    """The collector starts in tens of milliseconds and stays small."""
    script = (
        "import sys, footfall.metadata.keys.access\n"
        "heavy = {'sqlalchemy', 'alembic', 'pyarrow', 'polars'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.usefixtures("metadata")
def test_projects_are_named_without_the_whole_database(home: Home, tmp_path: Path) -> None:
    """`footfall sql --project …` looks them up; a damaged database must not stop `doctor`."""
    assert project_names(MetadataPlace(home.metadata_file)) == ["default", "other"]
    assert project_names(MetadataPlace(tmp_path / "none.db")) == []
    (tmp_path / "damaged.db").write_bytes(b"damaged" * 1000)
    assert project_names(MetadataPlace(tmp_path / "damaged.db")) == []
