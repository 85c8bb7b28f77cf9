"""A pipeline that works off a backlog and tells its memory: `python -m … DIRECTORY`.

Prints MiB as JSON: resident before, highest after the first part of the backlog, highest after all
of it, and what the events of it all would occupy if they were held.
"""

from __future__ import annotations

import json
import random
import resource
import sys
from pathlib import Path

from footfall.clock import SECOND
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline._run import build
from footfall.request import encode_request
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock
from tests.pipeline.harness import START_US, event, request

SETTINGS = (
    "pipeline.epoch_bytes_max=2MiB",
    "pipeline.micro_batch_requests_max=25",
    "pipeline.epoch_age_max=1h",
)
EVENTS = 20
TEXT_BYTES = 4_000
FIRST_REQUESTS = 100
ALL_REQUESTS = 1_200


def main(directory: Path) -> None:
    home = Home(directory)
    metadata = Metadata.open(home)
    metadata.create_project("default")
    metadata.close()
    settings = load_settings(overrides=SETTINGS)
    fill(home)
    clock = SimClock(START_US + 3600 * SECOND)
    log = SqliteLog.reader(home.log_dir("default"))
    pipeline = build(home, settings, "default", log, clock)
    pipeline.recover()
    found = {"before": peak()}
    read = 0
    while requests := pipeline.step():
        read += requests
        if read == FIRST_REQUESTS:
            found["first"] = peak()
    pipeline.finish()
    found["all"] = peak()
    found["held"] = ALL_REQUESTS * EVENTS * TEXT_BYTES / 2**20
    found["events"] = metadata_events(home)
    pipeline.close()
    sys.stdout.write(json.dumps(found))


def fill(home: Home) -> None:
    chance = random.Random(5)  # noqa: S311 (seeded on purpose)
    log = SqliteLog.writer(home.log_dir("default"), load_settings().log)
    for start in range(0, ALL_REQUESTS, 100):
        made = []
        for number in range(start, start + 100):
            at = START_US + number * SECOND
            text = chance.randbytes(TEXT_BYTES // 2).hex()
            events = [
                event(f"v{index}", at, number * EVENTS + index, properties={"text": text})
                for index in range(EVENTS)
            ]
            made.append(encode_request(request(number, events, at)))
        log.append(made)
    log.close()


def peak() -> float:
    """Highest resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def metadata_events(home: Home) -> int:
    metadata = Metadata.open(home)
    try:
        return metadata.ledger("default").events
    finally:
        metadata.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
