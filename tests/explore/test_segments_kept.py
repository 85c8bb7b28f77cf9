"""Segments kept, versioned, refreshed and asked: the same from a home, over HTTP, in a terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

import footfall
from footfall.clock import DAY, HOUR
from footfall.errors import Conflict, Invalid
from footfall.explore.access import Project
from footfall.explore.segments.acting import importing, refreshing
from footfall.explore.segments.asking import Ask, listing
from footfall.explore.segments.consumer import SegmentRefresher
from footfall.explore.segments.definition import LIST_MAX
from footfall.explore.segments.kept import SegmentSize
from footfall.explore.segments.reading import read_segment
from footfall.explore.segments.schedule import RETRY_AFTER, due
from footfall.explore.segments.storage import SIZES_MAX, VERSIONS_MAX, Segments
from footfall.explore.segments.words import sentence
from footfall.home import Home
from footfall.metadata.place import MetadataPlace
from footfall.pipeline.consumers.contract import ConsumerPlace
from footfall.pipeline.consumers.starter import LOOK_EVERY
from footfall.positions import Positions
from footfall.query import QueryPool
from footfall.testing import SimClock
from footfall.testing.events import NOON_US, event_table
from tests.cli.shell import refused, run_here
from tests.query.cuts import CutWriter, query_settings
from tests.studio.fakes import FakeShop, studio

ROWS = (
    ("view", "v1", 0),
    ("buy", "v1", 1),
    ("buy", "v1", 30),
    ("view", "v2", 2),
    ("view", "v3", 3),
    ("buy", "v3", 4),
)
BUYERS = {"did": "buy"}
ONCE = [{"did": "view"}, {"did": {"event": "buy", "times": {"op": "lte", "value": 1}}}]


class Place:
    """A home with a cut, its project in Python, and the same behind a studio."""

    def __init__(self, writer: CutWriter, local: Any, remote: Any, client: httpx.Client) -> None:
        self.writer, self.local, self.remote, self.client = writer, local, remote, client

    @property
    def store(self) -> Segments:
        place = MetadataPlace.of(self.writer.home)
        return Segments(place, "default", SimClock(NOON_US + 40 * HOUR))

    def run(self, asking: Any) -> Any:
        return self.local._drive(asking)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("segments")
    writer = CutWriter(root / "home")
    rows = [
        {
            "event_name": name,
            "visitor_id": who,
            "user_id": f"u{who}",
            "event_time": NOON_US + h * HOUR,
        }
        for name, who, h in ROWS
    ]
    writer.to_tail("events", event_table(rows))
    writer.publish()
    (writer.home.root / "footfall.toml").write_text("[query]\nmemory_max = '256MiB'\nthreads = 1\n")
    pool = QueryPool(writer.home, "default", query_settings(workers_max=1))
    with (
        studio(FakeShop(Home(root / "fake")), root, sql=pool, home=writer.home) as shown,
        httpx.Client(base_url=shown.url, timeout=60) as client,
        Project(writer.home.root) as local,
    ):
        for token in ("one", "two"):
            shown.services.sessions.add_link(token)
        assert client.get("/open?token=one").status_code == 303
        remote = footfall.open(f"{shown.url}/open?token=two")
        yield Place(writer, local, remote, client)
        asyncio.run_coroutine_threadsafe(pool.close(), shown.loop).result(60)


@pytest.fixture
def empty(place: Place) -> Place:
    """With no segments."""
    while names := [one.name for one in place.store.list()]:
        for name in names:
            try:
                place.store.drop(name)
            except Conflict:
                continue
    return place


def test_a_home_and_a_studio_keep_and_ask_alike(empty: Place) -> None:
    """What one defines the other lists; sizes, members, overlaps and files have equal ids."""
    local, remote, client = empty.local.segments, empty.remote.segments, empty.client
    assert local.define("buyers", BUYERS, title="Buyers").segment.version == 1
    assert remote.define("once", ONCE).segment.version == 1
    both = local.list()
    assert remote.list() == both
    assert [one.name for one in both] == ["buyers", "once"]
    for one in (local, remote):
        assert one.members("buyers") == ["shop/v1", "shop/v3"]
        assert one.members("once") == ["shop/v2", "shop/v3"]
        assert one.members("buyers", at="2024-10-04T12:30:00Z") == []
        found = one.overlap("buyers", "once")
        counts = {each.inside: each.count for each in found.regions}
        assert counts == {(True, True): 1, (True, False): 1, (False, True): 1}
        assert one.overlap_members(["buyers", "once"], [True, True]) == ["shop/v3"]
        sized = one.preview({"none": [BUYERS]})
        assert (sized.size, sized.total) == (1, 3)
        assert (one.refresh("once").size, one.sizes("once")[-1].total) == (2, 3)
    for form, read in (("csv", _csv), ("json", _json), ("parquet", _parquet)):
        body = client.get("/api/segments/buyers/export", params={"form": form})
        assert read(body.content) == ["shop/v1", "shop/v3"]
    listed = client.get("/api/segments").json()["segments"]
    assert [one["words"] for one in listed] == [
        "visitors who did buy",
        "visitors who did view and did buy at most 1 time",
    ]
    assert [len(one["sizes"]) for one in listed] == [0, 2]
    local.drop("once")
    with pytest.raises(Invalid, match="no segment"):
        remote.members("once")


def _csv(body: bytes) -> list[str]:
    return body.decode().replace('"', "").split()[1:]


def _json(body: bytes) -> list[str]:
    return [one["id"] for one in json.loads(body)]


def _parquet(body: bytes) -> list[str]:
    import io

    found: list[str] = pq.read_table(io.BytesIO(body)).column("id").to_pylist()
    return found


def test_a_filter_says_which_version_it_used(empty: Place) -> None:
    """Every model takes it, with what is inside and outside; another version is another answer."""
    days = {"range": ("2024-10-04", "2024-10-05")}
    empty.local.segments.define("buyers", BUYERS)
    for shop in (empty.local, empty.remote):
        inside = shop.funnel("view", "buy", where={"segment": "buyers"}, **days)
        assert [row.count for row in inside.rows] == [2, 2]
        assert [(one.name, one.version) for one in inside.answer.segments] == [("buyers", 1)]
        assert inside.visitors(inside.rows[0]) == ["shop/v1", "shop/v3"]
        outside = {"field": "segment", "op": "not_in", "value": ["buyers"]}
        apart = shop.retention(start="view", unit="day", periods=1, where=outside, **days)
        assert apart.rows[0].size == 1
        parts = shop.events("view", measure="visitors", by="segment.buyers", **days)
        counts = {row.group: row.value for row in parts.rows if row.bucket is None}
        assert counts == {(): 3, ("true",): 2, ("false",): 1}
    empty.local.segments.define("buyers", {"did": {"event": "buy", "times": 2}})
    again = empty.remote.funnel("view", "buy", where={"segment": "buyers"}, **days)
    assert [row.count for row in again.rows] == [1, 1]
    assert again.answer.segments[0].version == 2
    with pytest.raises(Invalid, match="no segment 'byers'"):
        empty.remote.funnel("view", "buy", where={"segment": "byers"}, **days)
    with pytest.raises(Invalid, match="no segment 'byers'; there are: buyers"):
        empty.remote.segments.define("others", {"segment": "byers"})


def test_a_number_is_saved_as_who_it_was_and_as_what_it_means(empty: Place) -> None:
    """From Python and over HTTP; a definition says what it is, and a list stays as it was."""
    days = {"range": ("2024-10-04", "2024-10-05")}
    for shop, name in ((empty.local, "here"), (empty.remote, "there")):
        found = shop.funnel("view", "buy", **days)
        dropped = found.rows[0].dropped_cell
        made = shop.segments.save(name, found, dropped, title="Lost")
        assert "dropped after step 1" in sentence(made.segment.definition)
        listed = shop.segments.save(f"{name}-list", found, dropped, form="list")
        assert listed.segment.listed == 1
        for one in (name, f"{name}-list"):
            assert shop.segments.members(one) == ["shop/v2"]


def test_who_joined_and_who_left(empty: Place) -> None:
    """A refresh notes who is in it, of the cut it counted; page, Python and HTTP tell alike."""
    empty.local.segments.define("once", ONCE)
    hours = (1.5, 10, 31)
    held = []
    for hour in hours:
        now = NOON_US + int(hour * HOUR)
        size = empty.run(refreshing(empty.store, "once", now))
        held.append({one.id for one in empty.run(listing("once", now, empty.store)).members})
        assert size.size == len(held[-1])
    assert held == [{"shop/v1"}, {"shop/v1", "shop/v2", "shop/v3"}, {"shop/v2", "shop/v3"}]
    first, middle, last = (one.at for one in empty.store.sizes("once"))
    for shop in (empty.local, empty.remote):
        found = shop.segments.changes("once")
        assert (found.since, found.until, found.joined, found.left) == (middle, last, 0, 1)
        assert shop.segments.left("once") == ["shop/v1"]
        both = {"since": first, "until": last}
        assert shop.segments.joined("once", **both) == ["shop/v2", "shop/v3"]
        with pytest.raises(Invalid, match="since=7"):
            shop.segments.joined("once", since=7)
    nobody = {"did": {"event": "buy", "times": 99}}
    assert (empty.remote.segments.preview(nobody).size, empty.store.names()) == (0, {"once"})
    empty.local.segments.define("nobody", nobody)
    for number in (1, 2):
        assert empty.run(refreshing(empty.store, "nobody", NOON_US + number)).size == 0
    assert empty.local.segments.joined("nobody") == empty.local.segments.left("nobody") == []
    page = {"which": "joined", "since": first, "limit": 1}
    asked = empty.client.post("/api/segments/once/changes/members", json=page).json()
    assert ([one["id"] for one in asked["members"]], asked["next"]) == (["shop/v2"], "shop/v2")
    listed = empty.client.get("/api/segments/once").json()["sizes"]
    assert [(one["joined"], one["left"]) for one in listed] == [(None, None), (2, 0), (0, 1)]


def test_versions_and_sizes_are_bounded(empty: Place) -> None:
    """A change of who is in it is a version, a title is none; the oldest go."""
    store = empty.store
    for count in range(VERSIONS_MAX + 3):
        kept = store.save("many", read_segment({"did": {"event": "buy", "times": count + 1}}))
    assert store.save("many", kept.definition, title="Many").version == VERSIONS_MAX + 3
    assert [one.version for one in store.versions("many")][-1] == 4
    with pytest.raises(Conflict, match="changed meanwhile"):
        store.save("many", kept.definition, version=3)
    for count in range(SIZES_MAX + 2):
        if count in (0, 1, SIZES_MAX - 1, SIZES_MAX, SIZES_MAX + 1):
            store.note_size("many", SegmentSize(count, 1, count, 9, 1, 1))
    assert [one.at for one in store.sizes("many", 2)] == [SIZES_MAX, SIZES_MAX + 1]


def test_a_segment_is_no_part_of_itself(empty: Place) -> None:
    """Neither by a rule nor by a filter within one, however far around; and used ones stay."""
    segments = empty.local.segments
    segments.define("a", BUYERS)
    segments.define("b", {"did": {"event": "view", "where": {"segment": "a"}}})
    segments.define("c", {"any": [{"segment": "b"}]})
    for rule in ({"segment": "a"}, {"segment": "c"}, {"none": [{"segment": "b"}]}):
        with pytest.raises(Invalid, match="part of itself: a → "):
            segments.define("a", rule)
    with pytest.raises(Conflict, match="made of it"):
        segments.drop("a")
    assert segments.members("c") == ["shop/v1", "shop/v3"]
    assert [one.name for one in segments._keeper._store.list()] == ["a", "b", "c"]


def test_mistakes_are_told_at_once_and_nothing_is_kept(empty: Place) -> None:
    """Each with its place; a property nobody sent, and names that are none."""
    wrong = {
        "all": [
            {"did": {"event": "buy", "measure": "sum"}},
            {"has": {"field": "nothing", "op": "is", "value": 1}},
            {"sequence": {"steps": ["view"], "window": "0s"}},
            {"segment": "gone"},
        ]
    }
    for shop in (empty.local, empty.remote):
        with pytest.raises(Invalid, match="no segment 'gone'"):
            shop.segments.define("x", wrong)
        with pytest.raises(Invalid) as caught:
            shop.segments.define("x", {"all": wrong["all"][:3]})
        assert [one.partition(":")[0] for one in caught.value.problems] == [
            "rule.all[0].did.of",
            "rule.all[1].has",
            "rule.all[2].sequence.steps",
            "rule.all[2].sequence.window",
        ]
        with pytest.raises(Invalid, match=r"properties\.colour"):
            shop.segments.define("x", {"has": {"field": "properties.colour", "op": "is_set"}})
        with pytest.raises(Invalid, match="small letters"):
            shop.segments.define("No Name", BUYERS)
        with pytest.raises(Invalid, match="no ids"):
            shop.segments.import_ids("x", ["", " "])
        assert shop.segments.list() == ()
    with pytest.raises(Invalid, match=f"at most {LIST_MAX} ids"):
        importing(empty.store, "x", [str(n) for n in range(LIST_MAX + 1)])


def test_a_list_of_ids_is_a_segment(empty: Place) -> None:
    """Duplicates and blanks go; an id that nobody has stays; the largest list works as a filter."""
    found = empty.remote.segments.import_ids("vip", ["shop/v1", "", "shop/v1", " x "])
    assert (found.segment.listed, found.segment.every) == (2, "off")
    assert empty.local.segments.members("vip") == ["shop/v1", "x"]
    ids = [f"shop/v{n}" for n in range(LIST_MAX)]
    assert importing(empty.store, "vip", ids).segment.version == 2
    days = {"range": ("2024-10-04", "2024-10-05")}
    answer = empty.remote.events("buy", where={"segment": "vip"}, **days)
    assert [row.value for row in answer.rows if row.bucket is None] == [3]
    assert len(answer.sql) < 200_000


def test_what_is_due_is_refreshed_and_redone_if_it_was_killed(empty: Place) -> None:
    """By day of its zone; a refresh that ended halfway left nothing, and is due as before."""
    store, now = empty.store, NOON_US + 40 * HOUR
    store.save("daily", read_segment({"rule": BUYERS, "zone": "Asia/Tokyo"}))
    store.save("never", read_segment(BUYERS), every="off")
    assert [one.name for one in due(store, now)] == ["daily"]
    asking = refreshing(store, "daily", now)
    assert isinstance(next(asking), Ask)
    asking.close()
    assert (store.sizes("daily"), [one.name for one in due(store, now)]) == ((), ["daily"])
    assert empty.run(refreshing(store, "daily", now)).size == 2
    midnight = NOON_US + 51 * HOUR  # in Tokyo, on 7 October
    assert due(store, midnight - 1) == []
    assert [one.name for one in due(store, midnight)] == ["daily"]
    store.note_problem("daily", midnight, "too large")
    assert due(store, midnight + RETRY_AFTER - 1) == []
    assert [one.name for one in due(store, midnight + RETRY_AFTER)] == ["daily"]
    store.save("daily", read_segment({"did": "view"}))
    assert [one.name for one in due(store, midnight)] == ["daily"]


def test_the_pipeline_starts_refreshes_that_are_due(empty: Place) -> None:
    """Once a minute it looks; one process at a time, by the verb that people have."""
    started: list[list[str]] = []
    running = SimpleNamespace(poll=lambda: None)

    def start(command: Any) -> Any:
        started.append(list(command))
        return running

    home, now = empty.writer.home, NOON_US + 3 * DAY
    directory = home.root / "consumer"
    at = ConsumerPlace(home, "default", directory, 1, Positions(), now)
    consumer = SegmentRefresher(at, start)
    consumer._look(now + LOOK_EVERY)
    assert started == []
    empty.store.save("daily", read_segment(BUYERS))
    for minute in (2, 3, 4):
        consumer._look(now + minute * LOOK_EVERY)
    assert [command[-6:-4] for command in started] == [["segment", "refresh"]]
    running.poll = lambda: 0  # type: ignore[assignment]
    consumer._look(now + 5 * LOOK_EVERY)
    assert len(started) == 2


@pytest.mark.slow
def test_the_verbs(empty: Place, tmp_path: Path) -> None:
    """Defined, listed, exported, refreshed, overlapped, imported, dropped in a terminal."""
    home = ("--home", str(empty.writer.home.root))

    def said(*arguments: str) -> str:
        done = run_here("segment", *arguments, *home)
        assert done.returncode == 0, done.stderr
        return done.stdout

    made = said("define", "buyers", json.dumps(BUYERS), "--title", "Buyers")
    assert made == "buyers, version 1: visitors who did buy\n"
    assert said("members", "buyers") == "shop/v1\nshop/v3\n"
    assert said("export", "buyers").splitlines() == ['"id"', '"shop/v1"', '"shop/v3"']
    for form, read in (("csv", _csv), ("json", _json), ("parquet", _parquet)):
        file = tmp_path / f"ids.{form}"
        assert said("export", "buyers", "-o", str(file)) == ""
        assert read(file.read_bytes()) == ["shop/v1", "shop/v3"]
    assert said("export", "buyers", "--format", "json", "--at", "2024-10-04T12:30:00Z") == "[]\n"
    assert "no format .xls" in refused("segment", "export", "buyers", "-o", "ids.xls", *home)
    assert said("refresh") == "buyers: 2 of 3\n"
    assert said("refresh") == ""
    assert said("list") == "buyers (2): visitors who did buy\n"
    (tmp_path / "ids").write_text("shop/v3\n\nshop/v9\n")
    assert said("import", "vip", str(tmp_path / "ids")) == "vip, version 1: 2 visitors\n"
    assert [line.split()[0] for line in said("overlap", "buyers", "vip").splitlines()] == ["1"] * 3
    assert json.loads(said("show", "buyers"))["sizes"][0]["size"] == 2
    counted = run_here("funnel", "view", "buy", "--where", "segment=vip", "--last", "3650d", *home)
    assert "1 view" in counted.stdout
    assert "100.0%" in counted.stdout
    said("drop", "vip")
    assert "no segment 'vip'" in refused("segment", "members", "vip", *home)
    assert "cannot be read" in refused("segment", "define", "x", "{", *home)
