"""Catalogs of several machines: how each is reached, and what is said when it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tools.servers.rest_catalog import RestCatalog

from footfall.errors import Invalid, Unavailable
from footfall.lake import Lake, LakePlace
from footfall.lake.store.catalogs import masked, remote_properties
from footfall.lake.store.local import LocalStore
from footfall.secret import with_password
from footfall.settings import load_settings
from footfall.testing.events import event_table
from tests.servers.postgres import PostgresServer
from tests.servers.s3 import S3Server


def _place(directory: Path, catalog: str, password: str = "") -> LakePlace:
    return LakePlace(directory, LocalStore(directory), catalog, password)


def test_rest_and_glue_are_by_configuration() -> None:
    """PyIceberg's own properties, with our file layer and the way to the bucket."""
    files = {"s3.endpoint": "https://s3.example"}
    rest = remote_properties("https://c.example/iceberg", "a-token", "s3://b/lake", files)
    assert rest.pop("py-io-impl").endswith("SyncedFileIO")
    assert rest == {
        "py-catalog-impl": "footfall.lake.store.served.ServedCatalog",
        "uri": "https://c.example/iceberg",
        "warehouse": "s3://b/lake",
        "token": "a-token",
        "s3.endpoint": "https://s3.example",
    }
    glue = remote_properties("glue://eu-central-1", "", "s3://b/lake", {})
    assert (glue["type"], glue["glue.region"]) == ("glue", "eu-central-1")


def test_rest_catalog_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    """It is tried when the lake is opened, and the sentence says what to look at."""
    with pytest.raises(Unavailable, match=r"lake\.catalog is right"):
        Lake(_place(tmp_path, "http://127.0.0.1:9/iceberg"), "default")


@pytest.mark.parametrize(
    ("module", "catalog", "said"),
    [
        ("psycopg", "postgresql://u@127.0.0.1:9/x", r"footfall\[postgresql\]"),
        ("boto3", "glue://eu-central-1", "needs a package more"),
    ],
)
def test_package_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, catalog: str, said: str
) -> None:
    """Few need them, so they do not come with everything."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Invalid, match=said):
        _place(tmp_path, catalog).open_catalog()


def test_passwords_are_no_part_of_what_is_said() -> None:
    """Messages get into logs; the driver puts the address in some of its own."""
    named = ("lake.catalog_password", "lake.catalog")
    whole = with_password("postgresql://me@h:5/d", "p@s/s:", *named)
    assert whole == "postgresql://me:p%40s%2Fs%3A@h:5/d"
    assert with_password("postgresql://h/d", "", *named) == "postgresql://h/d"
    with pytest.raises(Invalid, match=r"lake\.catalog_password needs a user in lake\.catalog"):
        with_password("postgresql://h/d", "secret", *named)
    assert masked("no way to postgresql://me:secret@h/d: bad") == (
        "no way to postgresql://me@h/d: bad"
    )


def test_database_that_goes_away_costs_time_only(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """Stopped and started again, the same lake goes on; meanwhile it says what to look at."""
    password = postgres_server.password
    place = _place(tmp_path / "lake", postgres_server.uri, password)
    lake = Lake(place, "away")
    assert lake.commit("events", event_table([{"epoch": 1}]), 1)
    postgres_server.stop()
    try:
        with pytest.raises(Unavailable, match="catalog does not answer") as caught:
            lake.commit("events", event_table([{"epoch": 2}]), 2)
        assert password not in str(caught.value)
    finally:
        postgres_server.start()
    assert lake.commit("events", event_table([{"epoch": 2}]), 2)
    assert lake.plan("events").rows == 2
    lake.close()
    with pytest.raises(Unavailable) as refused:
        Lake(_place(tmp_path / "lake", postgres_server.uri, "wrong-password"), "away")
    assert "wrong-password" not in str(refused.value)


def test_rest_catalog_that_is_killed_costs_time_only(
    tmp_path: Path, rest_catalog: RestCatalog, s3_server: S3Server, bucket: str
) -> None:
    """Between two epochs, with everything it was asked for on its disk: the same lake goes on."""
    place = LakePlace(tmp_path / "lake", s3_server.store(bucket), rest_catalog.uri)
    project = f"p{bucket[-12:]}"
    lake = Lake(place, project)
    assert lake.commit("events", event_table([{"epoch": 1}]), 1)
    rest_catalog.stop()
    try:
        with pytest.raises(Unavailable, match="catalog does not answer"):
            lake.commit("events", event_table([{"epoch": 2}]), 2)
    finally:
        rest_catalog.start()
    assert not lake.commit("events", event_table([{"epoch": 1}]), 1)
    assert lake.commit("events", event_table([{"epoch": 2}]), 2)
    assert lake.plan("events").rows == 2
    lake.close()


def test_another_directory_is_a_link_in_the_home(tmp_path: Path) -> None:
    """Whoever looks for the lake finds it; one that is there is never left behind by a setting."""
    elsewhere = tmp_path / "disk" / "lake"
    settings = load_settings(overrides=[f"lake.location={elsewhere}"]).lake
    home = tmp_path / "home" / "lake"
    for _ in range(2):
        place = LakePlace.of(settings, home)
        Lake(place, "default").close()
    assert home.readlink() == elsewhere
    assert (elsewhere / "catalog.db").exists()
    other = tmp_path / "old" / "lake"
    Lake(other, "default").close()
    with pytest.raises(Invalid, match="the lake lies elsewhere already; stop the server, move it"):
        LakePlace.of(settings, other)
