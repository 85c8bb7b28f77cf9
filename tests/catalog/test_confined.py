"""Crawls from a terminal, over time; and that statements read the listed files and no others."""

from __future__ import annotations

import collections
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from footfall import pipeline
from footfall.catalog.crawls.consumer import CrawlStarter
from footfall.catalog.crawls.crawling import Crawling
from footfall.catalog.crawls.listing import LocalPlace
from footfall.catalog.defining import definitions_of
from footfall.catalog.entries import QueryParameter
from footfall.cli._common import settings_environ
from footfall.cli.main import app
from footfall.clock import HOUR, SystemClock
from footfall.errors import Conflict, FootfallError, Invalid, LimitReached, Unavailable
from footfall.explore.access import Project
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.place import MetadataPlace
from footfall.pipeline.consumers.contract import ConsumerPlace
from footfall.pipeline.consumers.starter import LOOK_EVERY
from footfall.positions import Positions
from footfall.query import guard
from footfall.query.engine import Engine
from footfall.settings import Settings, load_settings
from tests.catalog.places import SMALL, home_with_a_cut, lines, put


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return home_with_a_cut(tmp_path_factory.mktemp("home"))


def _run(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home.root)])


def _crawling(home: Home, clock: SystemClock | None = None) -> Crawling:
    settings = load_settings(home.settings_file)
    clock = clock or SystemClock()
    return Crawling(home, "default", settings, lambda: Metadata.open(home), clock)


def test_what_changed_is_taken_in_and_told(home: Home, tmp_path: Path) -> None:
    """New files, columns and partitions; widened types; a conflict, with the file; files gone."""
    put(tmp_path, "day/2026/01/a", lines([{"a": 1}]))
    put(tmp_path, "day/2026/01/gone", lines([{"a": 1}]))
    put(tmp_path, "other/x=1/f", lines([{"q": True}]))
    first = _run(home, "crawl", "add", "Steps", str(tmp_path), "--every", "15m")
    assert "new table day: 2 rows in 2 files" in first.stdout
    assert "new table other: 1 row in 1 file" in first.stdout
    put(tmp_path, "day/2026/02/b", lines([{"a": 1.5, "b": "x"}]))
    put(tmp_path, "day/2026/02/c", lines([{"a": "text"}]))
    (tmp_path / "day/2026/01/gone").unlink()
    second = _run(home, "crawl", "run", "steps")
    for told in (
        "4 files, 2 of them read",
        "table day: 3 rows in 3 files, 2 new or changed, 1 gone",
        "1 new partition: 2026/02",
        "new column day.b: VARCHAR, first in 2026/02/b",
        "day.a: BIGINT became DOUBLE, by 2026/02/b",
        "day.a is text now: DOUBLE and something else met, in 2026/02/c",
    ):
        assert told in second.stdout, second.stdout
    third = json.loads(_run(home, "crawl", "run", "steps", "--json").stdout)
    assert (third["files_read"], third["columns"]) == (0, [])
    listed = {one["table"]: one for one in json.loads(_run(home, "tables", "--json").stdout)}
    assert [listed[name]["rows"] for name in ("day", "other")] == [3, 1]
    assert listed["day"]["row_is"] == "a record in files of the crawl steps"
    described = _run(home, "tables", "DAY").stdout.splitlines()
    assert described[0].split() == ["a", "VARCHAR"]
    with Project(home.root) as project:
        rows = project.sql("SELECT a, partition_1 FROM day ORDER BY 2, 1").rows()
        assert [tuple(row.values()) for row in rows] == [("1", "01"), ("1.5", "02"), ("text", "02")]
        assert project.sql("SELECT * FROM other").rows() == [{"q": True, "x": "1"}]
        listed = _run(home, "crawl", "list").stdout
        assert "every 15m" in listed
        assert "day, other" in listed
        put(tmp_path, "day/2026/02/b", b"{")
        with pytest.raises(Unavailable, match="footfall crawl run"):
            project.sql("SELECT * FROM day")
        assert "day, other" in _run(home, "crawl", "remove", "steps").stdout
        with pytest.raises(Invalid, match="no such table"):
            project.sql("SELECT * FROM day")


def test_statements_read_the_listed_files_alone(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Second wall, without the guard: no file beside them, and not the folder they are in."""
    put(tmp_path, "a.json", lines([{"a": 1}]))
    put(tmp_path, "secret.txt", b"")
    crawling = _crawling(home)
    crawling.run(crawling.add("listed", str(tmp_path), 0).name)
    (tmp_path / "secret.txt").write_text("secret")
    settings = load_settings(home.settings_file)
    definitions = definitions_of(MetadataPlace.of(home), "default", settings)(None)
    assert definitions.files == (str(tmp_path / "a.json"),)
    monkeypatch.setattr(guard, "check", lambda tree, views: frozenset({"listed"}))
    engine = Engine(home, "default", settings.query, None, definitions)
    assert engine.run("SELECT a FROM listed").table.to_pylist() == [{"a": 1}]
    for text in (
        f"FROM read_text('{tmp_path}/secret.txt')",
        f"FROM glob('{tmp_path}/*')",
        f"FROM read_json('{tmp_path}/*.json')",
        f"COPY (SELECT 1) TO '{tmp_path}/a.json'",
    ):
        with pytest.raises(FootfallError):
            engine.run(text)
    engine.close()
    assert (tmp_path / "a.json").read_bytes() == lines([{"a": 1}])
    crawling.remove("listed")


def test_the_newest_revision_of_each_session_today(home: Home, tmp_path: Path) -> None:
    """The seed's own statements, over files as sessions are delivered."""
    now = SystemClock().now_us()
    with Project(home.root) as project:
        day = project.sql("SELECT strftime(now(), '%Y/%m/%d/%H') AS d").rows()[0]["d"]
        put(tmp_path, f"aggregated/{day}/a", lines([_session("s1", 1, 5), _session("s2", 1, 7)]))
        put(tmp_path, f"aggregated/{day}/b", lines([_session("s1", 2, 7), _session("s3", 1, 0)]))
        put(tmp_path, "aggregated/2020/01/01/00/a", lines([_session("old", 1, 3)]))
        put(tmp_path, "rawdata/2020/01/01/00/a", b'{"user_id":1}{"user_id":2}')
        assert project.crawls.add("beer", str(tmp_path)).files == 4
        seed = (
            'SELECT duration_sec, count(1) sessions \nFROM "clicks_today"\nwhere duration_sec>0\n'
            "group by duration_sec\norder by sessions desc;"
        )
        assert project.sql(seed).rows() == [{"duration_sec": 7, "sessions": 2}]
        assert len(project.sql("FROM aggregated")) == 4
        assert len(project.sql("FROM aggregated_revisions")) == 5
        project.sql(
            'CREATE OR REPLACE VIEW clicks_month AS SELECT * FROM "aggregated" WHERE\n'
            "cast(partition_0 as integer)=year(current_date) and\n"
            "cast(partition_1 as integer)=month(current_date) ;"
        )
        assert len(project.sql("FROM clicks_month")) == 3
        athena = 'SELECT date_format(now(), \'%Y\') y FROM "awsdatacatalog"."db"."rawdata"'
        assert len(project.sql(athena)) == 2
        with pytest.raises(Conflict):
            project.sql("CREATE VIEW rawdata AS SELECT 1")
        project.sql("CREATE VIEW v1 AS SELECT * FROM rawdata")
        project.sql("CREATE VIEW v2 AS SELECT * FROM v1")
        with pytest.raises(Invalid, match="read itself"):
            project.sql("CREATE OR REPLACE VIEW v1 AS SELECT * FROM v2")
        least = "SELECT count(*) AS n FROM aggregated WHERE events > :n"
        project.queries.save("least", least, [QueryParameter("n", "integer")])
        assert project.queries.run("least", n=0).rows() == [{"n": 4}]
        project.crawls.remove("beer")
    assert now > 0


def _session(session_id: str, revision: int, duration: int) -> dict[str, object]:
    return {"session_id": session_id, "revision": revision, "duration_sec": duration, "events": 1}


def test_places_that_cannot_be_crawled(home: Home, tmp_path: Path) -> None:
    """The installation's own files, what is not there, and more files than the limit."""
    crawling = _crawling(home)
    for place in (home.root, home.root.parent, home.lake_dir, tmp_path / "nothing"):
        with pytest.raises(Invalid):
            crawling.add("bad", str(place), 0)
    put(tmp_path, "a", b"{}")
    put(tmp_path, "b", b"{}")
    home.settings_file.write_text(f"{SMALL}files_max = 1\n")
    try:
        small = _crawling(home)
        small.add("many", str(tmp_path), 0)
        with pytest.raises(LimitReached, match="files_max=1"):
            small.run("many")
        assert "files_max" in small.crawl("many").problem
        small.remove("many")
    finally:
        home.settings_file.write_text(SMALL)


def test_what_is_left_out_is_told(home: Home, tmp_path: Path) -> None:
    """Links, names that are no text, an empty place, a store that is away: each with a reason."""
    crawling = _crawling(home)
    crawling.add("left", str(tmp_path), 0)
    nothing = crawling.run("left")
    assert (nothing.files, nothing.tables) == (0, ())
    assert "there are no files to read" in nothing.notes[0]
    put(tmp_path, "here/a", b'{"a":1}')
    put(tmp_path, "here/_SUCCESS", b"")
    (tmp_path / "here" / "out").symlink_to(home.settings_file)
    (tmp_path / "folder").symlink_to(home.root, target_is_directory=True)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/here/no\xfftext")).write_bytes(b'{"a":2}')
    os.mkfifo(tmp_path / "here" / "pipe")
    report = crawling.run("left")
    assert [(one.name, one.rows) for one in report.tables] == [("here", 1)]
    told_of = sorted(note.partition(" left out as ")[2].split()[0] for note in report.notes)
    assert told_of == ["hidden,", "links,", "no", "pipes,"]
    assert "folder" in report.notes[0]
    assert "no?text" in report.notes[1]
    told = _run(home, "crawl", "report", "left").stdout
    assert "left out as links" in told
    crawling.remove("left")
    away = "lake.s3_endpoint=http://127.0.0.1:1"
    reached = ("--set", away, "--set", "lake.s3_access_key=a", "--set", "lake.s3_secret_key=b")
    failed = _run(home, "crawl", "add", "gone", "s3://nothing/here", *reached)
    assert isinstance(failed.exception, Unavailable)
    assert "the store does not list the place" in crawling.crawl("gone").problem
    assert "failed: the store" in _run(home, "crawl", "list").stdout
    crawling.remove("gone")


@pytest.mark.parametrize("opens", [0, 1])
def test_files_that_change_while_they_are_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: int
) -> None:
    """One that vanishes is told; what is added to another is taken in by the next run, once."""
    put(tmp_path, "gone", b'{"a":1}\nbroken\n')
    put(tmp_path, "grows", lines([{"a": 2}]))
    crawling = _crawling(home)
    crawling.add("moving", str(tmp_path), 0)
    open_file, opened = LocalPlace.open, collections.Counter[str]()

    def moving(place: LocalPlace, path: str) -> Any:
        if path == "gone" and opened[path] == opens:
            (tmp_path / path).unlink(missing_ok=True)
        opened[path] += 1
        stream = open_file(place, path)
        if path == "grows" and opened[path] == 1:
            with (tmp_path / path).open("ab") as file:
                file.write(lines([{"a": 3}]))
        return stream

    monkeypatch.setattr(LocalPlace, "open", moving)
    report = crawling.run("moving")
    told = [fault.reason for fault in report.faults if fault.file == "gone"]
    assert ["opened" in one or "taken away" in one for one in told] == [True]
    opened["grows"] = 9
    again = crawling.run("moving")
    with Project(home.root) as project:
        assert project.sql("SELECT a FROM moving ORDER BY a").rows() == [{"a": 2}, {"a": 3}]
    assert [(one.rows, one.files, one.files_gone) for one in again.tables] == [(2, 1, 1)]
    assert crawling.run("moving").files_read == 0
    crawling.remove("moving")


def test_due_crawls_are_started_in_a_process_of_their_own(home: Home, tmp_path: Path) -> None:
    """Once a minute one look; nothing is started while nothing is due."""
    started: list[tuple[str, ...]] = []

    def start(command: Sequence[str]) -> Any:
        started.append(tuple(command))

    now = SystemClock().now_us()
    place = ConsumerPlace(home, "default", tmp_path, 1, Positions(), now)
    starter = CrawlStarter(place, start)
    starter._look(now)
    assert started == []
    crawling = _crawling(home)
    put(tmp_path, "place/a", b"{}")
    crawling.add("hourly", str(tmp_path / "place"), HOUR)
    starter._look(now + 1)
    assert started == []  # it looked a moment ago
    starter._look(now + LOOK_EVERY)
    assert [command[4:6] for command in started] == [("crawl", "run")]
    assert _run(home, "crawl", "run").exit_code == 0
    assert crawling.crawl("hourly").tried_at >= now
    starter._look(now + 2 * LOOK_EVERY)
    assert len(started) == 1
    crawling.remove("hourly")


def test_an_hourly_crawl_has_the_settings_of_who_starts_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`worker --set` also holds for the process that crawls: it has no such argument itself."""
    monkeypatch.setattr(os, "environ", {**os.environ})
    overrides = ["catalog.files_max=1", "lake.s3_region=there", "deliver.destinations={}"]
    assert load_settings(None, settings_environ(overrides)) == load_settings(overrides=overrides)
    put(tmp_path, "place/a", b"{}")
    put(tmp_path, "place/b", b"{}")
    _crawling(home).add("short", str(tmp_path / "place"), HOUR)

    def run(home: Home, settings: Settings, project: str, **_: object) -> None:
        now = SystemClock().now_us()
        place = ConsumerPlace(home, project, tmp_path, 1, Positions(), now, settings)
        starter = CrawlStarter(place, lambda command: subprocess.Popen(command, env=os.environ))
        starter._look(now)
        assert starter._child is not None
        assert starter._child.wait(120) == 0

    monkeypatch.setattr(pipeline, "run", run)
    done = _run(home, "worker", "--set", overrides[0])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "files_max=1" in _crawling(home).crawl("short").problem
    _crawling(home).remove("short")
