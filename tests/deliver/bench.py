"""A pipeline on the test's clock that delivers files, and reading such files again."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow.parquet as pq
import zstandard

from footfall.clock import SECOND
from footfall.deliver.consumer import make
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.pipeline._pipeline import Pipeline
from footfall.request import Request
from tests.pipeline.harness import Bench

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=1",
    "sessions.gap=1m",
    "sessions.hot_age=1m",
    "log.keep_age_min=1s",
    "consumers.retry_min=1ms",
    "consumers.retry_max=2ms",
)


class Delivering(Bench):
    """One whose log is of files, so that requests are read back from it."""

    def __init__(self, directory: Path, destinations: str, *overrides: str) -> None:
        super().__init__(
            directory / "home", *SETTINGS, f"deliver.destinations={destinations}", *overrides
        )
        self.segments = SqliteLog.writer(self.home.log_dir("default"), self.settings.log)
        self.log = self.segments  # type: ignore[assignment]
        self.consumers["deliver"] = make

    def epoch(self, pipeline: Pipeline, requests: list[Request], seconds: int = 20) -> None:
        """One epoch of these, then some time."""
        self.append(requests)
        pipeline.finish()
        self.clock.advance(seconds * SECOND)
        self.look(pipeline)

    def look(self, pipeline: Pipeline) -> None:
        """Let consumers see the time."""
        pipeline._publish()
        assert pipeline.consumers.settle(60.0)

    def files(self, name: str) -> list[Path]:
        """Of a destination in the home, by name."""
        return files_below(self.home.root / "delivered" / name)


def files_below(directory: Path) -> list[Path]:
    """Files that are there, whole ones or not, oldest first."""
    return sorted((file for file in directory.rglob("*") if file.is_file()), key=_age)


def _age(file: Path) -> str:
    return file.name


def records(file: Path) -> list[dict[str, Any]]:
    """What a file has, read by other means than it was written."""
    data = file.read_bytes()
    endings = file.name.split(".")[1:]
    if endings[-1] == "gz":
        data = gzip.decompress(data)
    elif endings[-1] == "zst":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    kind = endings[0]
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    if kind == "jsonl":
        return [json.loads(line) for line in data.decode().split("\n") if line]
    if kind == "json":
        return list(objects(data.decode()))
    return pq.read_table(io.BytesIO(data)).to_pylist()


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Objects one after another."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        found, at = decoder.raw_decode(text, at)
        yield found


def destinations(**named: dict[str, Any]) -> str:
    """As an inline table of TOML."""
    return "{" + ", ".join(f"{name}={_toml(one)}" for name, one in named.items()) + "}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_toml(one)}" for key, one in value.items()) + "}"
    return msgspec.json.encode(value).decode()


AGE: Final = {"buffer_age": "60s"}
EVERYTHING: Final = destinations(
    requests={"source": "requests", **AGE},
    events={"source": "events", "format": "parquet", "compression": "zstd", **AGE},
    failed={"source": "failed_events", "format": "json", "compression": "gzip", **AGE},
    visits={"source": "sessions", "format": "csv", "settle": "0s", **AGE},
    changes={"source": "session_changes", **AGE},
)
"""A destination of each kind; any runner must give the same records."""


def contents(home: Home) -> dict[str, list[str]]:
    """What all files of a home have, by destination, without their order."""
    root = home.root / "delivered"
    return {
        name: sorted(str(row) for file in files_below(root / name) for row in records(file))
        for name in ("requests", "events", "failed", "visits", "changes")
    }


def close_files(runner: Any, bench: Any) -> None:
    """Let a pipeline or driver see so much time that each file is closed."""
    for _ in range(3):  # sessions that are over are in the next epoch, and their files after it
        bench.clock.advance(900 * SECOND)
        runner.finish()
        assert runner.consumers.settle(60.0)
        runner.step()
        assert runner.consumers.settle(60.0)
