"""A version with one column more, as a process: `python -m tests.homes.tomorrow <home> [send]`.

The definition of `events` ends with `loyalty`, and enrichment fills it. With `send` it takes one
event into the log and starts the pipeline, which works everything off; then it says, as JSON, what
SQL has of each event.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from footfall import columns

FIELD_ID = 200
DOC = "Of the visitor."
NEW = "new"


def become() -> None:
    """Be that version, before anything is made of the definition."""
    assert "footfall.event" not in sys.modules
    loyalty = columns.optional(FIELD_ID, "loyalty", "string", DOC, since="9.9.9")
    columns.EVENT_COLUMNS += (loyalty,)  # type: ignore[assignment, misc]
    from footfall.enrich import _enrich
    from footfall.enrich.columns import with_columns

    real = _enrich.correct_clock

    def correct_clock(events: pa.Table, *more: Any) -> Any:
        found = real(events, *more)
        names = found.events.column("visitor_id").to_pylist()
        loyal = pa.array(["gold" if name == NEW else None for name in names], pa.string())
        return msgspec.structs.replace(found, events=with_columns(found.events, {"loyalty": loyal}))

    _enrich.correct_clock = correct_clock


def work(root: Path) -> None:
    """One event more, then all that the log has."""
    from footfall.clock import SystemClock
    from footfall.home import Home
    from footfall.log import SqliteLog
    from footfall.pipeline._run import build
    from footfall.request import encode_request
    from footfall.settings import load_settings
    from tests.pipeline.harness import event, request

    home, clock = Home(root), SystemClock()
    settings = load_settings(home.settings_file)
    now = clock.now_us()
    log = SqliteLog.writer(home.log_dir("default"), settings.log)
    log.append([encode_request(request(1, [event(NEW, now, 1)], now))])
    log.close()
    reader = SqliteLog.reader(home.log_dir("default"))
    pipeline = build(home, settings, "default", reader, clock)
    pipeline.recover()
    pipeline.finish()
    pipeline.close()
    reader.close()


def main(root: Path, *, is_sending: bool) -> None:
    """See the module's text."""
    become()
    import footfall

    if is_sending:
        work(root)
    with footfall.open(root) as opened:
        rows = opened.sql("SELECT visitor_id, loyalty FROM events").rows()
        sys.stdout.write(json.dumps([list(row.values()) for row in rows]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), is_sending="send" in sys.argv)
