"""Decode and enrich run from nothing but their arguments: this is how Spark will run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from footfall.pipeline.epoch.plan import Rules
from footfall.request import LoggedRequest
from footfall.settings import load_settings
from tests.decode.builders import AWS_EVENT, captured, logged
from tests.decode.test_footfall import FULL
from tests.pipeline.decode_partition import process, read, to_table, write

PARTITIONS = 4
ROOT = Path(__file__).parents[2]


def traffic() -> list[LoggedRequest]:
    """Real and broken requests of every protocol, as one log."""
    requests = [each.request for name in ("immediate", "batch") for each in captured(name)]
    old = {**AWS_EVENT, "timestamp": 0}
    requests += [
        logged([AWS_EVENT, 5, old, {**AWS_EVENT, "timestamp": "x"}]).request,
        logged(b"junk").request,
        logged([FULL, {}], protocol="footfall").request,
        logged(protocol="pixel", query="utm_source=b", headers=(("referer", "//r"),)).request,
        logged(AWS_EVENT, app_id=None).request,
    ]
    return [LoggedRequest(offset, request) for offset, request in enumerate(requests)]


@pytest.mark.parametrize("how", ["contiguous", "interleaved"])
def test_partitions_in_fresh_processes_equal_one_process(tmp_path: Path, how: str) -> None:
    """Same rows, whatever the partition, process and hash seed: no state or order leaks in."""
    requests, settings = traffic(), load_settings()
    size = -(-len(requests) // PARTITIONS)
    parts = [
        requests[number * size : (number + 1) * size]
        if how == "contiguous"
        else requests[number::PARTITIONS]
        for number in range(PARTITIONS)
    ]
    rules = tmp_path / "settings.json"
    rules.write_bytes(msgspec.json.encode(Rules.of(settings)))
    for number, part in enumerate(parts):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(to_table(part), folder / "requests.arrow")
        _run(folder, rules, seed=number)
    for place, expected in enumerate(process(to_table(requests), Rules.of(settings))):
        name = ("events", "failures")[place]
        found = pa.concat_tables(
            [read(tmp_path / str(number) / f"{name}.arrow") for number in range(PARTITIONS)]
        )
        assert in_log_order(found).equals(in_log_order(expected))
        assert expected.num_rows == (80, 5)[place]


def in_log_order(table: pa.Table) -> pa.Table:
    keys = [("log_offset", "ascending"), ("request_index", "ascending")]
    return table.sort_by(keys).combine_chunks()


def _run(folder: Path, rules: Path, seed: int) -> None:
    files = [folder / "requests.arrow", rules, folder / "events.arrow", folder / "failures.arrow"]
    subprocess.run(
        [sys.executable, "-m", "tests.pipeline.decode_partition", *map(str, files)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": str(seed), "TZ": "Asia/Tokyo"},
        check=True,
        timeout=120,
    )
