"""`footfall deliver`: each verb as a person uses it, and every mistake in one sentence."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.cli._common import settings_for
from footfall.cli.operating.doctor import _deliveries
from footfall.cli.running.roles import _check_destinations, _metrics_of
from footfall.cli.running.serve import check_destinations
from footfall.clock import HOUR, SECOND
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.added.deliveries import put_delivery, remove_delivery
from footfall.project import App
from footfall.settings import DESTINATIONS_MAX
from footfall.upgrade import stamp_new
from tests.cli.shell import refused, run_here
from tests.deliver.bench import Delivering, records
from tests.pipeline.harness import event, request
from tests.servers.s3 import S3Server

SECRET = "a-secret-that-nobody-may-see"  # noqa: S105 (of nothing)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One that has a destination in its settings, one that was added, and no pipeline yet."""
    made = Home(tmp_path_factory.mktemp("deliver") / "home")
    metadata = Metadata.open(made)
    metadata.create_project("default")
    put_delivery(metadata, "default", "added", '{"source": "events"}')
    metadata.close()
    made.settings_file.write_text('[deliver.destinations.fixed]\nsource = "events"\n')
    return made


ADD = ("add", "x", "events")
MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "name": (("add", "Bad Name", "events"), "lower-case letters, digits, _ and -"),
    "of the settings": (("add", "fixed", "events"), "one of the settings; change it there: fixed"),
    "source": (("add", "x", "clicks"), "no source 'clicks'; name one of requests, events"),
    "definition": (
        ("add", "x", "sessions", "--definition", "no"),
        "no session definition 'no'; name one of gap",
    ),
    "query": (
        ("add", "x", "query_results", "--definition", "no"),
        "no continuous query 'no'; name one of none; add one with: footfall continuous add",
    ),
    "app": ((*ADD, "--app", "shop"), "no app 'shop'; there are: none"),
    "format": ((*ADD, "--format", "xml"), "format is jsonl, json, csv, parquet; not 'xml'"),
    "compression": ((*ADD, "--compression", "zip"), "compression is none, gzip, zstd; not 'zip'"),
    "small": ((*ADD, "--buffer-bytes", "512KiB"), "buffer_bytes is 1MiB to 128MiB"),
    "large": ((*ADD, "--buffer-bytes", "129MiB"), "buffer_bytes is 1MiB to 128MiB"),
    "no size": ((*ADD, "--buffer-bytes", "much"), "buffer_bytes is a whole number and a unit"),
    "young": ((*ADD, "--buffer-age", "59s"), "buffer_age is 60s to 900s, not 59 s"),
    "old": ((*ADD, "--buffer-age", "901s"), "buffer_age is 60s to 900s, not 901 s"),
    "no age": ((*ADD, "--buffer-age", "soon"), "buffer_age is a whole number and a unit"),
    "settle": (("add", "x", "sessions", "--settle", "2h"), "settle is at most 1h"),
    "prefix of another root": ((*ADD, "--prefix", "/a/"), "no slash first"),
    "prefix above": ((*ADD, "--prefix", "../a/"), "no .."),
    "prefix of strftime": ((*ADD, "--prefix", "%Y/%m/"), "such as YYYY/MM/DD/HH/"),
    "prefix of braces": ((*ADD, "--prefix", "{year}/"), "such as YYYY/MM/DD/HH/"),
    "prefix of Java": ((*ADD, "--prefix", "yyyy/MM/dd/HH/"), "in capitals and apart from one"),
    "prefix of one word": ((*ADD, "--prefix", "YYYYMMDD/"), "apart from one another; not 'YYYYMM"),
    "relative place": ((*ADD, "--place", "out"), "an absolute path or s3://bucket/prefix"),
    "bucket's name": ((*ADD, "--place", "s3://My_Bucket"), "place is s3://bucket/prefix"),
    "other store": ((*ADD, "--place", "gs://bucket"), "an absolute path or s3://bucket/prefix"),
    "key in the place": ((*ADD, "--place", f"s3://me:{SECRET}@bucket/x"), "keys of a store are"),
    "folder": ((*ADD, "--place", "{file}/out"), "files cannot be written there; make the dir"),
    "column": ((*ADD, "--column", "a=no_such"), "events has no column 'no_such'"),
    "column's form": ((*ADD, "--column", "event_id"), "write a column as NAME=COLUMN"),
    "key of no JSON": ((*ADD, "--column", "a=event_id.b"), "event_id has no keys, it is no JSON"),
    "expression": ((*ADD, "--column", "a==upper("), "the expression of a column cannot be used"),
    "left out": ((*ADD, "--leave-out", "no_such"), "events has no column 'no_such' to leave out"),
    "both": ((*ADD, "--leave-out", "ip", "--column", "a=ip"), "leave_out says nothing"),
    "no header": ((*ADD, "--format", "parquet", "--no-header"), "header goes with CSV"),
    "test of none": (("test", "no"), "no destination 'no'; there are: fixed, added"),
    "flush of none": (("flush", "no"), "no destination 'no'; there are: fixed, added"),
    "backfill of none": (("backfill", "no"), "no destination 'no'; there are: fixed, added"),
    "pause of none": (("pause", "no"), "no destination 'no'; there are: fixed, added"),
    "resume of none": (("resume", "no"), "no destination 'no'; there are: fixed, added"),
    "remove of none": (("remove", "no"), "no destination 'no'; see: footfall deliver list"),
    "remove of the settings": (("remove", "fixed"), "take it out there: fixed"),
    "not seen": (("backfill", "added"), "no pipeline has seen added yet"),
    "no date": (("backfill", "added", "--from", "monday"), "--from is a date, 2026-11-01"),
    "no time": (
        ("backfill", "added", "--from", "2026-11-02", "--to", "2026-11-01"),
        "--from is before --to",
    ),
    "no place": (("backfill", "added", "--place", "there"), "an absolute path or s3://"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_sentence(case: str, home: Home, tmp_path: Path) -> None:
    """It says what is valid; nothing was added, and no secret is said again."""
    (tmp_path / "file").touch()
    arguments, says = MISTAKES[case]
    given = [one.format(file=tmp_path / "file") if "{file}" in one else one for one in arguments]
    said = refused("deliver", *given, "--home", str(home.root))
    assert says in said
    assert SECRET not in said
    assert "destinations of type" not in said
    assert _names(home) == ["added", "fixed"]


def _names(home: Home) -> list[str]:
    done = run_here("deliver", "list", "--home", str(home.root))
    assert done.returncode == 0
    return sorted(re.findall(r"^(\w+): no pipeline has seen it yet", done.stdout, re.MULTILINE))


WRONG = """
[deliver.destinations.typo]
source = "clicks"
[deliver.destinations.asked]
source = "query_results"
definition = "no"
[deliver.destinations.shop]
source = "events"
app = "nobody"
[deliver.destinations.shop.columns]
a = "event_id"
[deliver.destinations.none]
source = "nothing"
"""
FORMS = """
[deliver.destinations.one]
source = "events"
format = "xml"
[deliver.destinations.two]
source = "events"
prefix = "yyyy/"
buffer_age = "1s"
"""


@pytest.mark.parametrize("verb", ["serve", "worker", "deliver check"])
def test_no_server_starts_with_destinations_that_cannot_be(
    tmp_path: Path, verb: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every mistake of the settings file, one sentence each, before anything runs."""
    made = Home(tmp_path / "home")
    assert run_here("key", "create", "web", "--home", str(made.root)).returncode == 0

    def say() -> str:
        done = run_here(*verb.split(), "--home", str(made.root))
        assert (done.returncode, done.stdout) == (2, ""), done
        return done.stderr + capfd.readouterr().err  # of a process that it starts

    made.settings_file.write_text(FORMS)
    said = say()
    assert re.findall(r"deliver.destinations: (\w+: \w+) ", said) == [
        "one: format",
        "two: buffer_age",
        "two: prefix",
    ]
    made.settings_file.write_text(WRONG)
    said = say()
    assert said.count("\n") <= 7
    assert "footfall: destinations of the settings cannot be; mend footfall.toml:\n" in said
    assert re.findall(r"^deliver.destinations.(\w+): (.*?)[;,]", said, re.MULTILINE) == [
        ("typo", "there is no source 'clicks'"),
        ("none", "there is no source 'nothing'"),
    ]
    assert not made.run_dir.exists() or not list(made.run_dir.glob("*.json"))


def test_a_place_that_is_away_is_told_and_keeps_nobody_from_starting(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What comes waits for it. So with what is gone, a column too; added ones are looked at."""
    made = Home(tmp_path / "home")
    with contextlib.closing(Metadata.open(made)) as metadata:
        metadata.create_project("default")
        put_delivery(metadata, "default", "gone", '{"source": "query_results", "definition": "q"}')
    stamp_new(made)
    (tmp_path / "file").touch()
    place = f'place = "{tmp_path}/file/out"'
    made.settings_file.write_text(
        f'[deliver.destinations.far]\nsource = "events"\n{place}\n'
        f'[deliver.destinations.near]\nsource = "events"\nplace = "{tmp_path}/new/out"\n'
        f'[deliver.destinations.shop]\nsource = "events"\napp = "closed"\n'
        f'place = "{tmp_path}/shop"\n'
        f'[deliver.destinations.wide]\nsource = "events"\nleave_out = ["score"]\n'
        f'[deliver.destinations.wide2]\nsource = "events"\ncolumns = {{a = "score"}}\n'
    )
    done = run_here("deliver", "check", "--home", str(made.root))
    assert done.returncode == 1
    told = done.stderr.splitlines()
    names = ["shop", "wide", "wide2", "gone", "far"]
    assert [line.split(": ")[1].rpartition(".")[2] for line in told] == names
    assert "destinations.shop: there is no app 'closed'; there are: none" in told[0]
    assert "destinations.wide: events has no column 'score' to leave out" in told[1]
    assert "destinations.wide2: events has no column 'score'; mend columns" in told[2]
    held = [line for line in told if "until then nothing is written to it, and what comes" in line]
    assert held == told[1:3]
    assert "destinations.gone: there is no continuous query 'q'" in told[3]
    assert "destinations.far: files cannot be written there" in told[4]
    assert not (tmp_path / "new").exists()  # trying leaves nothing
    capfd.readouterr()
    check_destinations(made, "default", ())
    said = capfd.readouterr().err  # a start looks at names, and waits for no place
    assert ("no app 'closed'" in said, "destinations.far" in said) == (True, False)
    assert said.count("no column 'score'") == 2
    _check_destinations(made, settings_for(made), "default")  # a worker alone tells the same
    alone = capfd.readouterr().err.splitlines()
    assert alone == [line for line in said.splitlines() if "destinations.gone" not in line]
    taken_out = made.settings_file.read_text().partition("[deliver.destinations.wide]")[0]
    made.settings_file.write_text(taken_out)
    state, said = _deliveries(made, "default")
    assert (state, "'q'" in said) == ("broken", True)
    with contextlib.closing(Metadata.open(made)) as metadata:
        assert remove_delivery(metadata, "default", "gone")
        metadata.create_app(App("default", "closed", "Closed"))
    state, said = _deliveries(made, "default")
    assert (state, said.startswith("deliver.destinations.far: files cannot")) == ("attention", True)


def test_there_is_a_last_destination(tmp_path: Path) -> None:
    """One more would be seen by nobody: it is refused. Changing one is not one more."""
    made = Home(tmp_path / "home")
    metadata = Metadata.open(made)
    metadata.create_project("default")
    for number in range(DESTINATIONS_MAX):
        put_delivery(metadata, "default", f"n{number}", '{"source": "events"}')
    metadata.close()
    said = refused("deliver", "add", "more", "events", "--home", str(made.root))
    assert said == "there are 20 destinations, and no more can be; remove one first"
    done = run_here("deliver", "add", "n3", "events", "--format", "csv", "--home", str(made.root))
    assert done.stdout == "n3: its next file is as it says now; look with: footfall deliver list\n"


class Shop(Delivering):
    """A pipeline whose settings are those of its home's file."""

    def __init__(self, directory: Path, server: S3Server, bucket: str) -> None:
        super().__init__(directory, "{}")
        self.bucket = bucket
        self.store(server, server.secret_key)

    def store(self, server: S3Server, secret: str) -> None:
        self.home.settings_file.write_text(
            f'[deliver]\ns3_endpoint = "{server.endpoint}"\ns3_access_key = "{server.access_key}"\n'
            f's3_secret_key = "{secret}"\n[sessions]\ngap = "1m"\n'
        )

    def say(self, *arguments: str) -> str:
        done = run_here("deliver", *arguments, "--home", str(self.home.root))
        assert (done.returncode, SECRET in done.stdout + done.stderr) == (0, False), done
        return done.stdout


@pytest.fixture
def shop(tmp_path: Path, s3_server: S3Server, bucket: str) -> Iterator[Shop]:
    made = Shop(tmp_path, s3_server, bucket)
    yield made
    made.stop_consumers()


def test_each_verb_of_a_destination_from_its_first_day_to_its_last(
    shop: Shop, s3_server: S3Server
) -> None:
    """Added after an hour of traffic, tried, filled in, changed, asked for files, paused, removed.

    That it is paused is told at once, before a pipeline has looked.
    """
    pipeline = shop.pipeline()
    shop.epoch(pipeline, [request(0, [event("v", shop.clock.now_us(), 0)], shop.clock.now_us())])
    shop.clock.advance(HOUR)
    assert "begins with the next epoch" in shop.say("add", "clicks", "events")
    assert shop.say("test", "clicks").startswith("clicks: files can be written to /")
    shop.look(pipeline)
    shop.epoch(pipeline, [request(1, [event("v", shop.clock.now_us(), 1)], shop.clock.now_us())])
    place = shop.home.root / "delivered" / "clicks"
    assert shop.say("backfill", "clicks") == (
        f"clicks: 1 of 1 epochs, 1 files with 1 records in {place}\n"
    )
    assert shop.say("backfill", "clicks") == "clicks: nothing is missing\n"
    assert "its next file is as it says now" in shop.say(
        "add", "clicks", "events", "--format", "csv"
    )
    shop.clock.advance(900 * SECOND)
    shop.look(pipeline)
    found = [(file.suffix, len(records(file))) for file in shop.files("clicks")]
    assert found == [(".jsonl", 1), (".csv", 1)]
    (listed,) = json.loads(shop.say("list", "--json")).values()
    assert (listed["files"], listed["records"], listed["epochs_missing"]) == (1, 1, 0)
    metrics = _metrics_of(shop.home, "default")()
    assert b'footfall_delivery_records_total{destination="clicks"} 1.0\n' in metrics
    assert shop.say("flush", "clicks", "--wait", "0") == ""
    assert shop.say("pause", "clicks") == (
        "clicks: paused; what comes waits for 7 days at most, its requests up to 10 GiB of the log,"
        " and what is beyond is lost for it; go on with: footfall deliver resume clicks\n"
    )
    assert "paused since 20" in shop.say("list")
    assert "it is paused; go on with it first: footfall deliver resume clicks" in refused(
        "deliver", "flush", "clicks", "--home", str(shop.home.root)
    )
    shop.look(pipeline)
    assert (
        b'footfall_delivery_paused{destination="clicks"} 1.0\n'
        in _metrics_of(shop.home, "default")()
    )
    assert "clicks: goes on with what waited" in shop.say("resume", "clicks")
    assert "paused" not in shop.say("list")
    assert shop.say("remove", "clicks") == ""
    assert shop.say("list").startswith("clicks (events to ")  # until a pipeline has looked
    shop.look(pipeline)
    assert shop.say("list") == "no destinations; add one with: footfall deliver add NAME SOURCE\n"
    assert len(shop.files("clicks")) == 2
    with contextlib.closing(Metadata.open(shop.home)) as metadata:
        put_delivery(metadata, "default", "gone", '{"source": "events", "columns": {"a": "score"}}')
    shop.look(pipeline)
    root = str(shop.home.root)
    said = refused("deliver", "flush", "gone", "--home", root)
    assert "it is held: events has no column 'score'" in said
    metrics = _metrics_of(shop.home, "default")()
    assert b'footfall_delivery_held{destination="gone"} 1.0\n' in metrics
    shop.say("remove", "gone")
    shop.look(pipeline)


def test_a_bucket_is_tried_before_it_is_added(
    shop: Shop, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such bucket, a wrong key, a store that is away: told at once, the key nowhere."""
    root = ("--home", str(shop.home.root))
    there = f"{shop.bucket}/clicks"
    assert "begins" in shop.say("add", "good", "events", "--place", there)
    assert shop.say("test", "good") == f"good: files can be written to {there}\n"
    assert list(s3_server.store(shop.bucket).list(f"{shop.bucket}/")) == []
    said = refused("deliver", "add", "x", "events", "--place", "s3://no-such-bucket/a", *root)
    assert said == (
        "there is no such bucket; make it, or mend place of the destination: bucket=no-such-bucket"
    )
    shop.store(s3_server, SECRET)
    said = refused("deliver", "test", "good", *root)
    assert said.startswith(
        "the object store refuses our credentials; mend deliver.s3_access_key and"
        " deliver.s3_secret_key"
    )
    assert SECRET not in said
    assert "begins" in shop.say("add", "x", "events", "--place", there, "--no-test")
    for arguments in (("settings",), ("settings", "--json"), ("status",), ("status", "--json")):
        done = run_here(*arguments, *root)
        assert SECRET not in done.stdout + done.stderr, arguments
    notes = [file for file in shop.home.root.rglob("*") if file.is_file()]
    assert [file.name for file in notes if SECRET.encode() in file.read_bytes()] == [
        "footfall.toml"
    ]
