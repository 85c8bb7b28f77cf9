"""What sessions by windows are, as plainly as it can be said. Shares no code with the package."""

import hashlib
import json
from collections import defaultdict

from tests.sessionize import oracle

DAY = 24 * 60 * 60 * 1_000_000


def session_id(app, key, start, person):
    data = len(app.encode()).to_bytes(4, "big") + app.encode() + key.encode()
    data += start.to_bytes(8, "big", signed=True)
    return hashlib.blake2b(data, digest_size=16, person=person).digest()


def key_of(event, columns):
    """Text of a key: of one column as it is, of several as JSON; none without one of them."""
    found = {}
    for name in columns:
        whole, dot, property_ = name.partition(".")
        value = json.loads(event.get(whole) or "{}").get(property_) if dot else event.get(name)
        if value in (None, ""):
            return None
        found[name] = str(value)
    (first, *others) = found.values()
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False) if others else first


def sessions(events, length=DAY, person=b"footfall.day.1", columns=("visitor_id",)):
    """Rows by id: the events of each key and window."""
    windows = defaultdict(list)
    for event in events:
        key = key_of(event, columns)
        if key is not None:
            mine = event | {"visitor_id": key}
            windows[event["app_id"], key, event["event_time"] // length].append(mine)
    rows = {}
    for (app, key, window), mine in windows.items():
        row = oracle.row(sorted(mine, key=oracle.order))
        name = session_id(app, key, window * length, person)
        rows[name] = row | {"session_id": name}
    return rows
