"""Apps as the metadata database has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import Unavailable
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.place import MetadataPlace
from footfall.project import App
from footfall.studio.api.apps.apps import AppView, read_apps


def test_before_the_first_start(tmp_path: Path) -> None:
    """The page opens before there is a database, and reading must not make one."""
    home = Home(tmp_path)
    assert read_apps(MetadataPlace.of(home), "default") == ()
    assert not home.metadata_file.exists()


def test_apps_with_their_newest_write_id(tmp_path: Path) -> None:
    """The first-event snippet must not show a revoked id, nor another project's app."""
    home = Home(tmp_path)
    shop = App("default", "shop", "My shop", "Europe/Rome", ("https://shop.example",))
    blog = App("default", "blog", "Blog")
    metadata = Metadata.open(home)
    metadata.create_project("default")
    metadata.create_project("other")
    first = metadata.create_app(shop)
    only = metadata.create_app(blog)
    metadata.create_app(App("other", "theirs", "Theirs"))
    second = metadata.create_write_id("default", "shop")
    metadata.revoke_write_id(second.write_id)
    metadata.revoke_write_id(only.write_id)
    metadata.revoke_write_id("blog")
    metadata.close()
    known = (first.write_id, "shop")
    expected = (AppView(shop, first.write_id, known), AppView(blog, None))
    assert read_apps(MetadataPlace.of(home), "default") == expected


def test_damaged_database(tmp_path: Path) -> None:
    """It is said, not raised as a bug."""
    home = Home(tmp_path)
    home.metadata_file.write_bytes(b"damaged" * 1000)
    with pytest.raises(Unavailable, match="cannot be read"):
        read_apps(MetadataPlace.of(home), "default")
