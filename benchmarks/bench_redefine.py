"""Events a second of computing a definition's past: from the lake, in event-time order, and back.

    python benchmarks/bench_redefine.py [--events 2000000] [--days 10]

Events of the shape `visits` of bench_sessionize lie in a lake on a disk, a day an epoch. Reading,
sessions, and their files and commits count; making the lake does not.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import bench_sessionize
from bench_sessionize import START, make_events
from footfall import redefine
from footfall.clock import DAY
from footfall.home import Home
from footfall.lake import Lake, LakePlace
from footfall.metadata import Metadata
from footfall.pipeline.epoch.active import with_notes
from footfall.redefine import filling
from footfall.settings import load_settings
from sizes import parsed

DEFINITIONS = {
    "quick": {"kind": "gap", "gap": "10m"},
    "cuts": {
        "kind": "gap",
        "cut_at_midnight": True,
        "cut_on_user": "any",
        "cut_on_campaign": True,
    },
    "thirty": {"kind": "step", "step": "30s"},
    "browsers": {"kind": "gap", "key": ["visitor_id", "browser"]},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--days", type=int, default=10)
    options = parsed(parser, events=2_000, days=2)
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name))
        settings = load_settings()
        _fill_lake(home, options.events // options.days, options.days)
        metadata = Metadata.open(home)
        metadata.create_project("default")
        for definition, given in DEFINITIONS.items():
            note = redefine.define(metadata, settings.sessions, "default", definition, given)
            sessions = with_notes(settings.sessions, metadata.definitions.all("default"))
            rules = sessions_text(sessions)
            end = START + options.days * DAY
            metadata.definitions.begin("default", note, options.days, end, rules)
            began = time.perf_counter(), time.process_time()
            (found,) = filling.fill(home, settings, "default")
            wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            print(
                f"  {definition:8s} {found.events:,} events, {found.sessions:,} sessions:"
                f" {found.events / wall / 1e6:.2f} M events/s, CPU"
                f" {1e9 * cpu / found.events:,.0f} ns/event; {memory:,} MiB at most so far"
            )


def sessions_text(sessions: object) -> str:
    import msgspec

    return msgspec.json.encode(sessions).decode()


def _fill_lake(home: Home, count: int, days: int) -> None:
    bench_sessionize.STRETCH = DAY  # visits of a day are all over it
    lake = Lake(LakePlace.of(load_settings().lake, home.lake_dir), "default")
    for day in range(days):
        events = make_events("visits", day, count)
        epoch = pa.array([day + 1] * events.num_rows, pa.int64())
        place = events.schema.get_field_index("epoch")
        events = events.set_column(place, events.schema.field(place), epoch)
        ids = pc.cast(events.column("request_id"), pa.binary(16))
        place = events.schema.get_field_index("event_id")
        lake.commit("events", events.set_column(place, events.schema.field(place), ids), day + 1)
    lake.close()


if __name__ == "__main__":
    main()
