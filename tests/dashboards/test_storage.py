"""Dashboards in metadata: drafts, published versions, links; on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.dashboards.storage import LINK_ID_LENGTH, Dashboards
from footfall.errors import Conflict, Invalid
from footfall.home import Home
from footfall.metadata.place import MetadataPlace
from footfall.testing import SimClock
from tests.dashboards.shop import beer, dashboard, retail
from tests.servers.databases import new_database

EMPTY = dashboard("Empty", [])


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> MetadataPlace:
    if request.param == "sqlite":
        return MetadataPlace.of(Home(tmp_path / "home"))
    settings = new_database(request.getfixturevalue("postgres_server"))
    return MetadataPlace.of(Home(tmp_path / "home"), settings)


@pytest.fixture
def kept(place: MetadataPlace) -> Dashboards:
    return Dashboards(place, "default", SimClock())


def test_a_draft_is_seen_by_editors_and_what_is_published_by_readers(kept: Dashboards) -> None:
    """Work in progress does not show; publishing shows it whole; a draft can be dropped."""
    assert (kept.list(), kept.find("retail")) == ((), None)
    first = kept.save("retail", EMPTY, 0)
    assert (first.version, first.is_draft, first.is_published) == (1, True, False)
    assert kept.find("retail", is_published=True) is None
    shown = kept.publish("retail", 1)
    assert (shown.version, shown.is_draft, shown.is_published) == (2, False, True)
    kept.save("retail", retail(), 2)
    assert kept.get("retail").definition.title == "Retail clicks"
    readers = kept.find("retail", is_published=True)
    assert readers is not None
    assert readers.definition.title == "Empty"
    (listed,) = kept.list()
    assert (listed.title, listed.has_draft, listed.is_published) == ("Retail clicks", True, True)
    assert kept.discard("retail").definition.title == "Empty"
    assert kept.apply("retail", retail()).is_draft is False


def test_nobody_overwrites_what_they_have_not_seen(kept: Dashboards) -> None:
    """Of two who edit at once the second is told, and the first one's work stays."""
    kept.save("shop", EMPTY, 0)
    kept.save("shop", retail(), 1)
    for version in (0, 1, 3):
        with pytest.raises(Conflict, match="changed meanwhile"):
            kept.save("shop", beer(), version)
    assert kept.get("shop").definition.title == "Retail clicks"
    with pytest.raises(Conflict):
        kept.save("new", EMPTY, 4)


def test_names_and_projects_are_apart(kept: Dashboards, place: MetadataPlace) -> None:
    """Another project's dashboards are not there, and a name that none has is said."""
    kept.apply("shop", EMPTY)
    other = Dashboards(place, "other", SimClock())
    assert other.list() == ()
    token, _ = kept.share("shop")
    assert other.shared(token) is None
    with pytest.raises(Invalid, match=r"no dashboard 'x'; there are: shop"):
        kept.get("x")
    with pytest.raises(Invalid, match="letters, digits"):
        kept.save("a b", EMPTY)


def test_a_link_shows_what_is_published_until_it_is_ended(
    kept: Dashboards, place: MetadataPlace
) -> None:
    """The database has no token, and an ended link opens nothing, at once."""
    kept.save("shop", EMPTY)
    with pytest.raises(Invalid, match="publish it first"):
        kept.share("shop")
    kept.publish("shop")
    token, link = kept.share("shop")
    second, _ = kept.share("shop")
    rows = place.rows("SELECT * FROM dashboard_links")
    assert not any(token in str(column) for row in rows for column in row)
    assert len(link.id) == LINK_ID_LENGTH
    kept.save("shop", retail())
    found = kept.shared(token)
    assert found is not None
    assert found.definition.title == "Empty"
    assert [one.links for one in kept.list()] == [2]
    assert kept.unshare("shop", link.id) == 1
    assert kept.shared(token) is None
    assert kept.shared(second) is not None
    assert kept.shared("") is None
    kept.remove("shop")
    assert (kept.shared(second), kept.list()) == (None, ())
    assert place.rows("SELECT count(*) FROM dashboard_links") == [(0,)]


def test_nothing_is_read_before_anything_was_made(tmp_path: Path) -> None:
    """A home that nobody started has no dashboards, and asking makes none."""
    missing = Dashboards(MetadataPlace(tmp_path / "metadata.db"), "default", SimClock())
    assert (missing.list(), missing.find("x"), missing.shared("x")) == ((), None, None)
    assert list(tmp_path.iterdir()) == []
