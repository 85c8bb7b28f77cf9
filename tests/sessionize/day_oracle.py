"""What sessions by day are, as plainly as it can be said. Shares no code with `day`."""

import hashlib
from collections import defaultdict

from tests.sessionize import oracle

DAY = 24 * 60 * 60 * 1_000_000


def session_id(app, visitor, day):
    data = len(app.encode()).to_bytes(4, "big") + app.encode() + visitor.encode()
    data += (day * DAY).to_bytes(8, "big", signed=True)
    return hashlib.blake2b(data, digest_size=16, person=b"footfall.day.1").digest()


def sessions(events):
    """Rows by id: the events of each visitor and UTC day."""
    days = defaultdict(list)
    for event in events:
        if event["visitor_id"] is not None:
            key = event["app_id"], event["visitor_id"], event["event_time"] // DAY
            days[key].append(event)
    rows = {}
    for key, mine in days.items():
        row = oracle.row(sorted(mine, key=oracle.order))
        rows[session_id(*key)] = {**row, "session_id": session_id(*key)}
    return rows
