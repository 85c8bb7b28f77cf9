"""`footfall doctor` finds a damaged log, `footfall repair` mends it, ledgers state what is lost."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from footfall.cli.main import app
from footfall.clock import SECOND
from footfall.errors import Corrupt
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline import checkpoint_epochs
from footfall.pipeline._pipeline import Pipeline
from tests.pipeline.harness import Bench, event, request

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "log.segment_bytes_max=4KiB",
)
PER_EPOCH = 12
NOTHING = "nothing is damaged: every request of the log and every row can be read\n"


class _Shop:
    """A home with a real log; requests have one event each, numbered like their offset."""

    def __init__(self, directory: Path) -> None:
        self.bench = Bench(directory, *SETTINGS)
        self.home: Home = self.bench.home
        self.bench.log = self.open_log()  # type: ignore[assignment]
        self.sent = 0

    def open_log(self) -> SqliteLog:
        return SqliteLog.writer(
            self.home.log_dir("default"), self.bench.settings.log, self.bench.clock
        )

    def send(self) -> None:
        now = self.bench.clock.now_us()
        numbers = range(self.sent, self.sent + PER_EPOCH)
        for number in numbers:
            body = event(f"v{number % 3}", now, number + 1, properties={"text": f"text {number} "})
            self.bench.append([request(number, [body], now)])
        self.sent += PER_EPOCH

    def epoch(self, pipeline: Pipeline) -> None:
        pipeline.step()
        self.bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)

    def damage(self, number: int) -> Path:
        """Flip a bit of this request's record; the segment it is in."""
        row = self.row_of(number)
        damaged = bytearray(row)
        damaged[len(row) // 2] ^= 8
        segments = sorted(self.home.log_dir("default").glob("*.db"))
        for segment in segments:  # what a log that was being read could not finish when it closed
            with closing(sqlite3.connect(segment)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (file,) = (segment for segment in segments if row in segment.read_bytes())
        # More than once in the file: SQLite leaves moved rows where they were.
        file.write_bytes(file.read_bytes().replace(row, damaged))
        return file

    def row_of(self, number: int) -> bytes:
        """The bytes that hold this request's record."""
        query = "SELECT data FROM record_groups WHERE first_offset = ?"
        for file in sorted(self.home.log_dir("default").glob("*.db")):
            uri = f"{file.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                row = connection.execute(query, (number,)).fetchone()
            if row is not None:
                return bytes(row[0])
        raise AssertionError(number)

    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*arguments, "--home", str(self.home.root)])
        return result.exit_code, result.output + str(result.exception or "")

    def numbers(self) -> list[int]:
        """Of the events in the lake."""
        ids = self.bench.tables()["events"].column("event_id").to_pylist()
        return sorted(int.from_bytes(event_id, "big") - 2 for event_id in ids)


@pytest.fixture
def shop(tmp_path: Path) -> _Shop:
    return _Shop(tmp_path)


def test_requests_that_are_lost_are_stated_and_the_rest_goes_on(shop: _Shop) -> None:
    """The pipeline stops at the damage with a sentence; after a repair every request counts."""
    pipeline = shop.bench.pipeline()
    shop.send()
    shop.epoch(pipeline)
    shop.send()
    shop.bench.log.close()
    shop.damage(17)
    code, output = shop.run("doctor", "--json")
    (check,) = [check for check in json.loads(output.removesuffix("1")) if check["name"] == "log"]
    assert (code, check["state"]) == (1, "broken")
    assert "1 requests from offset 17 on" in check["message"]
    assert "footfall repair" in check["message"]

    shop.bench.log = shop.open_log()  # type: ignore[assignment]
    stopped = shop.bench.pipeline()
    stopped.step()  # up to the damage
    with pytest.raises(Corrupt, match=r"see footfall repair: path=.* offset=17"):
        stopped.step()
    code, output = shop.run("repair")
    assert (code, "another process writes this log; stop it first" in output) == (1, True)
    shop.bench.log.close()

    code, output = shop.run("repair", "--dry-run")
    assert (code, "1 requests cannot be read: 17 to 17" in output) == (0, True)
    code, output = shop.run("repair")
    assert (code, "kept as" in output) == (0, True), output
    assert shop.run("repair") == (0, NOTHING)
    shop.bench.log = shop.open_log()  # type: ignore[assignment]
    pipeline = shop.bench.pipeline()
    shop.send()
    pipeline.finish()
    assert shop.numbers() == [number for number in range(36) if number != 17]
    failed = shop.bench.tables()["failed_events"].to_pylist()
    assert [(row["reason"], row["log_offset"]) for row in failed] == [("lost", 17)]
    ledger = Metadata.open(shop.home).ledger("default")
    assert (ledger.requests, ledger.events, ledger.undecodable) == (36, 35, 1)
    code, output = shop.run("doctor", "--deep")
    assert code == 0, output


def test_damage_where_the_lake_has_it_all_loses_nothing(
    shop: _Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A start that would redo committed epochs from a damaged log takes the lake instead.

    Before and after a repair, should the checkpoint that was made then be lost as well: what stands
    there for lost requests must not count again.
    """
    pipeline = shop.bench.pipeline()
    for _ in range(3):
        shop.send()
        shop.epoch(pipeline)  # the checkpoint is after the second
    shop.bench.log.close()
    shop.damage(30)
    for _ in range(2):
        shop.bench.log = shop.open_log()  # type: ignore[assignment]
        pipeline = shop.bench.pipeline()
        assert "rebuilt from the lake: epoch=3" in capsys.readouterr().err
        assert pipeline.truth.epoch == 3
        assert checkpoint_epochs(shop.home, "default") == [2, 3]
        shutil.rmtree(shop.home.state_dir("default") / "checkpoint-000000000003")
        shop.bench.log.close()
        assert shop.run("repair")[0] == 0
    shop.bench.log = shop.open_log()  # type: ignore[assignment]
    pipeline = shop.bench.pipeline()
    shop.send()
    pipeline.finish()
    assert shop.numbers() == list(range(48))
    assert shop.bench.tables()["failed_events"].num_rows == 0
    ledger = Metadata.open(shop.home).ledger("default")
    assert (ledger.requests, ledger.events, ledger.undecodable) == (48, 48, 0)


def test_repair_of_nothing_says_so(tmp_path: Path) -> None:
    """A wrong --home is an error, not a repaired log."""
    result = CliRunner().invoke(app, ["repair", "--home", str(tmp_path / "nowhere")])
    assert result.exit_code != 0
    assert not (tmp_path / "nowhere").exists()
