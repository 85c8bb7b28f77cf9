"""What sessions are, as plainly as it can be said: all events at once, sorted, one by one.

Shares no code with `footfall.sessionize`; tests compare with it.
"""

import hashlib
from collections import defaultdict
from itertools import groupby, pairwise

CAMPAIGN = ("source", "medium", "campaign", "campaign_id", "term", "content")
CAMPAIGN += ("click_id", "click_id_platform")
DEVICE = ("platform", "browser", "os", "device_category", "language", "geo_country")


def session_id(app, visitor, start):
    data = len(app.encode()).to_bytes(4, "big") + app.encode() + visitor.encode()
    data += start.to_bytes(8, "big", signed=True)
    return hashlib.blake2b(data, digest_size=16, person=b"footfall.gap.1").digest()


def sessions(events, gap, length_max, events_max):
    """Lists of events, each list a session: the definition."""
    found, visitors = [], defaultdict(list)
    for event in events:
        if event["visitor_id"] is not None:
            visitors[event["app_id"], event["visitor_id"]].append(event)
    for mine in visitors.values():
        mine.sort(key=order)
        chains = [[mine[0]]]
        for before, event in pairwise(mine):
            if event["event_time"] - before["event_time"] > gap:
                chains.append([])
            chains[-1].append(event)
        for chain in chains:
            start = chain[0]["event_time"]
            windows = groupby(chain, lambda e, s=start: (e["event_time"] - s) // length_max)
            for window in (list(group) for _, group in windows):
                times = [event["event_time"] for event in window]
                parts = groupby(window, lambda e, t=times: t.index(e["event_time"]) // events_max)
                found.extend(list(part) for _, part in parts)
    return found


def order(event):
    return tuple(event[n] for n in ("event_time", "received_at", "request_id", "request_index"))


def first(events, *names):
    for event in events:
        for name in names:
            if event.get(name) is not None:
                return event[name]
    return None


def row(events, less=()):
    """What the table says of one session, but for revision and epoch; `less` are no interaction."""
    start, end = events[0]["event_time"], events[-1]["event_time"]
    interactions = [e for e in events if e["event_name"] not in less]
    views = [e for e in interactions if e["event_name"] in ("page_view", "screen_view")]
    named = [e for e in events if e["event_name"] == "user_engagement"]
    engagement = sum(e.get("engagement_ms") or 0 for e in named or events)
    is_engaged = end - start > 10_000_000 or len(views) >= 2 or engagement > 10_000
    campaign = next((e for e in events if e.get("source") is not None), {})
    values = [e["value"] for e in events if e.get("value") is not None]
    app, visitor = events[0]["app_id"], events[0]["visitor_id"]
    return {
        "session_id": session_id(app, visitor, start),
        "app_id": app,
        "visitor_id": visitor,
        "user_id": first(events[::-1], "user_id"),
        "started_at": start,
        "ended_at": end,
        "duration_ms": (end - start) // 1000,
        "events": len(events),
        "views": len(views),
        "engagement_ms": engagement,
        "is_engaged": is_engaged,
        "is_bounced": not is_engaged and len(views) <= 1,
        "is_bot": any(e["is_bot"] for e in events),
        "first_event_name": events[0]["event_name"],
        "last_event_name": events[-1]["event_name"],
        "entry_page": first(views[:1], "page_url", "screen_name"),
        "exit_page": first(views[-1:], "page_url", "screen_name"),
        **{name: campaign.get(name) for name in CAMPAIGN},
        "referrer_host": first(events, "referrer_host"),
        **{name: events[0].get(name) for name in DEVICE},
        "value": sum(values) if values else None,
        "session_number": first(events, "client_session_number"),
        "interactions": len(interactions),
    }
