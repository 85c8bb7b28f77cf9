"""An installed package with a consumer that counts rows, in a directory of the test's own."""

from __future__ import annotations

from pathlib import Path

NAME = "count"

_MODULE = """
import json, os
from footfall.pipeline import EpochConsumer

class Count(EpochConsumer):
    def __init__(self, place):
        self.file = place.directory / "seen.txt"

    def committed(self, epoch):
        events, sessions = epoch.rows("events", ["event_id"]), epoch.rows("sessions")
        places = [epoch.log_from.total, epoch.log_to.total]
        line = [epoch.number, events.num_rows, sessions.num_rows, *places]
        with self.file.open("a") as stream:
            stream.write("\\n" + json.dumps(line) + ";")
            stream.flush()
            os.fsync(stream.fileno())
"""


def install(directory: Path) -> Path:
    """Lay the package out as installers do; the directory to put on the path."""
    info = directory / "counting-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[footfall.consumers]\n{NAME} = counting:Count\n")
    (directory / "counting.py").write_text(_MODULE)
    return directory
