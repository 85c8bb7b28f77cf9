"""Projects, apps, keys: what people set up, and how it fails."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from footfall.clock import SECOND
from footfall.errors import Closed, Conflict, Corrupt, Invalid
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.database import schema
from footfall.metadata.database.tables import metadata as tables
from footfall.metadata.place import MetadataPlace
from footfall.project import App, ServerKey, WriteId, hash_server_key
from footfall.settings import MetadataSettings
from footfall.testing import SimClock
from tests.servers.databases import overrides_of

IN_FILE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
SHOP = App("default", "shop_web", "Shop", "Europe/Berlin", ("https://shop.example",))


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home of ours?#%")


@pytest.fixture
def metadata(home: Home, clock: SimClock, settings: MetadataSettings | None) -> Iterator[Metadata]:
    with contextlib.closing(Metadata.open(home, clock, settings)) as metadata:
        metadata.create_project("default")
        yield metadata


def test_apps_come_back_as_created(
    metadata: Metadata, home: Home, clock: SimClock, settings: MetadataSettings | None
) -> None:
    """What a person set up is there after a restart, in the order of creation."""
    blog = App("default", "blog", "Blog")
    metadata.create_app(SHOP)
    clock.advance(SECOND)
    metadata.create_app(blog)
    metadata.create_project("default")
    metadata.close()
    with contextlib.closing(Metadata.open(home, clock, settings)) as again:
        assert (again.projects(), again.apps("default")) == (["default"], [SHOP, blog])
        assert again.apps("other") == []


def test_app_gets_its_own_id_and_a_random_one(metadata: Metadata, clock: SimClock) -> None:
    """The SDK of another vendor sends the app's id: it works as a write id from the start."""
    created = metadata.create_app(SHOP)
    assert created.write_id.startswith("fw_")
    assert metadata.write_ids("default") == sorted(
        [WriteId("shop_web", "shop_web", clock.now_us()), created], key=lambda key: key.write_id
    )


def test_write_ids_are_given_custom_or_random_and_revoked(
    metadata: Metadata, clock: SimClock
) -> None:
    """A revoked id stays known, so that it can be told from one that never was."""
    metadata.create_app(SHOP)
    custom = metadata.create_write_id("default", "shop_web", "my-site.v2")
    random = metadata.create_write_id("default", "shop_web")
    assert custom == WriteId("my-site.v2", "shop_web", clock.now_us())
    assert random.write_id != custom.write_id
    clock.advance(SECOND)
    for _ in range(2):
        metadata.revoke_write_id("my-site.v2")
    (revoked,) = [key for key in metadata.write_ids("default") if key.write_id == "my-site.v2"]
    assert revoked == WriteId("my-site.v2", "shop_web", clock.now_us() - SECOND, clock.now_us())
    with pytest.raises(Conflict, match="taken"):
        metadata.create_write_id("default", "shop_web", "my-site.v2")
    with pytest.raises(Invalid, match="no key matches"):
        metadata.revoke_write_id("never")


@IN_FILE
def test_server_key_is_shown_once_and_kept_as_a_hash(
    metadata: Metadata, home: Home, clock: SimClock
) -> None:
    """Who reads the database cannot send as a server."""
    metadata.create_app(SHOP)
    secret, key = metadata.create_server_key("default", "shop_web")
    assert key == ServerKey(hash_server_key(secret), secret[:12], "shop_web", clock.now_us())
    assert metadata.server_keys("default", "shop_web") == [key]
    metadata.close()
    stored = b"".join(file.read_bytes() for file in home.root.glob("metadata.db*"))
    assert secret[:12].encode() in stored
    assert secret.encode() not in stored


@pytest.mark.parametrize("by", ["secret", "prefix", "hash"])
def test_server_key_is_revoked_by_what_a_person_has(metadata: Metadata, by: str) -> None:
    """The key itself, what lists show of it, or its hash."""
    metadata.create_app(SHOP)
    secret, key = metadata.create_server_key("default", "shop_web")
    other, _ = metadata.create_server_key("default", "shop_web")
    metadata.revoke_server_key({"secret": secret, "prefix": key.prefix, "hash": key.key_hash}[by])
    assert {k.key_hash: k.revoked_at is not None for k in metadata.server_keys("default")} == {
        hash_server_key(secret): True,
        hash_server_key(other): False,
    }


@pytest.mark.parametrize(
    "app",
    [
        App("default", "../etc", "x"),
        App("default", "", "x"),
        App("default", "a\n", "x"),
        App("default", "x" * 65, "x"),
        App("default", "shop", "x", "Europe/Atlantis"),
        App("default", "shop", "x", "UTC", ("shop.example",)),
        App("default", "shop", "x", "UTC", ("https://shop.example/path",)),
        App("nowhere", "shop", "x"),
    ],
)
def test_mistakes_in_an_app_are_refused(metadata: Metadata, app: App) -> None:
    """Ids become file names and URL parts; a wrong origin would silently refuse a site."""
    with pytest.raises(Invalid):
        metadata.create_app(app)
    assert metadata.apps("default") == []


def test_taken_ids_are_refused_whole(metadata: Metadata) -> None:
    """A write id names one app; half an app is never left behind."""
    metadata.create_app(SHOP)
    metadata.create_write_id("default", "shop_web", "blog")
    with pytest.raises(Conflict, match="has this app already"):
        metadata.create_app(SHOP)
    with pytest.raises(Conflict, match="write id is taken"):
        metadata.create_app(App("default", "blog", "Blog"))
    with pytest.raises(Invalid, match="no such app"):
        metadata.create_server_key("default", "blog")
    assert metadata.apps("default") == [SHOP]


def test_origins_are_changed(metadata: Metadata) -> None:
    """A new domain goes live without a new app."""
    metadata.create_app(SHOP)
    metadata.set_origins("default", "shop_web", ("*",))
    assert metadata.apps("default")[0].origins == ("*",)
    with pytest.raises(Invalid):
        metadata.set_origins("default", "shop_web", ("shop",))


@IN_FILE
def test_newer_schema_is_refused_with_what_to_do(metadata: Metadata, home: Home) -> None:
    """An older program must not guess what a newer one meant."""
    metadata.close()
    with contextlib.closing(sqlite3.connect(home.metadata_file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Invalid, match=r"newer version .* upgrade the program.*schema=9999"):
        Metadata.open(home)


def test_file_that_is_no_database_is_refused(home: Home) -> None:
    """Never overwritten: a person decides."""
    home.root.mkdir()
    home.metadata_file.write_bytes(b"not a database" * 100)
    with pytest.raises(Corrupt, match="restore it"):
        Metadata.open(home)


def test_migrations_end_where_the_tables_are(
    metadata: Metadata, home: Home, settings: MetadataSettings | None
) -> None:
    """A column added to the tables without a migration would exist in new homes only."""
    script = ScriptDirectory(str(Path(schema.__file__).parents[1] / "migrations"))
    assert script.get_current_head() == schema.HEAD
    engine = schema.open_engine(MetadataPlace.of(home, settings))
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables) == []
    engine.dispose()


def test_processes_that_start_together_migrate_once(
    home: Home, settings: MetadataSettings | None
) -> None:
    """All parts of `serve`, on every machine, open the database at the same moment."""
    script = (
        "import sys; from pathlib import Path\n"
        "from footfall.home import Home; from footfall.metadata import Metadata\n"
        "from footfall.settings import load_settings\n"
        "settings = load_settings(overrides=sys.argv[2:]).metadata\n"
        "metadata = Metadata.open(Home(Path(sys.argv[1])), settings=settings)\n"
        "metadata.create_project('default')\n"
    )
    given = () if settings is None else overrides_of(settings)
    command = [sys.executable, "-c", script, str(home.root), *given]
    started = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]


def _fill_write_ahead_log(metadata: Metadata, number: int) -> None:
    """Some 300 KiB in one transaction."""
    origins = tuple(f"https://{number}-{index}-{'x' * 40}.example" for index in range(4000))
    metadata.set_origins("default", "shop_web", origins)


@IN_FILE
def test_write_ahead_log_stays_short(
    metadata: Metadata, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is copied when it is long, at a moment at which no other process can commit."""
    locked: list[str] = []
    copy = schema._copy_write_ahead_log

    def copy_watched(file: Path) -> None:
        with contextlib.closing(sqlite3.connect(file, timeout=0)) as other:
            with pytest.raises(sqlite3.OperationalError) as refusal:
                other.execute("BEGIN IMMEDIATE")
            locked.append(str(refusal.value))
        copy(file)

    monkeypatch.setattr(schema, "_WAL_BYTES_MAX", 1 << 20)
    monkeypatch.setattr(schema, "_copy_write_ahead_log", copy_watched)
    metadata.create_app(SHOP)
    wal = home.metadata_file.with_name(home.metadata_file.name + "-wal")
    sizes = []
    for number in range(40):
        _fill_write_ahead_log(metadata, number)
        sizes.append(wal.stat().st_size)
    assert (1 << 20) < max(sizes) < (2 << 20)
    assert locked == ["database is locked"] * len(locked)
    assert 5 < len(locked) < 20  # about every fourth transaction
    assert home.metadata_file.stat().st_size > 200_000
    assert metadata.apps("default")[0].origins[0].startswith("https://39-0-")


@IN_FILE
def test_write_ahead_log_is_copied_by_nobody_else(metadata: Metadata, home: Home) -> None:
    """SQLite's own copying, after a commit, would do so while another process commits."""
    metadata.create_app(SHOP)
    before = home.metadata_file.stat().st_mtime_ns
    wal = home.metadata_file.with_name(home.metadata_file.name + "-wal")
    number = 0
    while wal.stat().st_size < schema._WAL_BYTES_MAX:
        _fill_write_ahead_log(metadata, number)
        assert home.metadata_file.stat().st_mtime_ns == before
        number += 1
    assert number > 5


def test_closed_metadata_refuses_everything(metadata: Metadata) -> None:
    """Use after close is a bug that must show."""
    metadata.close()
    metadata.close()
    with pytest.raises(Closed):
        metadata.projects()
