"""What every cut of `gap` says, as plainly as it can be said. Shares no code with the package."""

from collections import defaultdict
from datetime import datetime
from itertools import dropwhile, groupby, pairwise
from zoneinfo import ZoneInfo

from tests.sessionize import oracle

CAMPAIGN = ("source", "medium", "campaign", "campaign_id")


def user(event):
    return event.get("user_id")


def campaign(event):
    has_one = event.get("campaign") is not None or event.get("campaign_id") is not None
    return tuple(event.get(name) for name in CAMPAIGN) if has_one else None


def sessions(events, definition, alive=()):
    """Lists of events, each list a session; `alive` are names of events that begin none."""
    visitors, found = defaultdict(list), []
    for event in events:
        if event["visitor_id"] is not None:
            visitors[event["app_id"], event["visitor_id"]].append(event)
    for mine in visitors.values():
        mine.sort(key=oracle.order)
        chains = [[mine[0]]]
        for before, event in pairwise(mine):
            if is_other_chain(before["event_time"], event["event_time"], definition):
                chains.append([])
            chains[-1].append(event)
        for chain in chains:
            start, length = chain[0]["event_time"], definition.length_max
            windows = groupby(chain, lambda e, s=start, n=length: (e["event_time"] - s) // n)
            for _, window in windows:
                for segment in begun(segments(list(window), definition, alive), alive):
                    times, most = [e["event_time"] for e in segment], definition.events_max
                    parts = groupby(
                        segment, lambda e, t=times, n=most: t.index(e["event_time"]) // n
                    )
                    found.extend(list(part) for _, part in parts)
    return found


def is_other_chain(before, time, definition):
    """A gap, or a midnight between."""
    if definition.midnight is None:
        return time - before > definition.gap
    zone = ZoneInfo(definition.midnight.zone)
    days = {datetime.fromtimestamp(t // 1_000_000, zone).date() for t in (before, time)}
    return time - before > definition.gap or len(days) == 2


def begun(found, alive):
    """Those from the first on that has an event which may begin one."""
    return dropwhile(lambda one: all(e["event_name"] in alive for e in one), found)


def segments(window, definition, alive):
    """The window cut where a user or a campaign takes the place of another, or a session begins."""
    kinds = [(user, definition.on_user == "any")] * (definition.on_user != "never")
    kinds += [(campaign, True)] * definition.on_campaign
    kinds += [(lambda e: None if e["event_name"] in alive else 1, True)] * bool(alive)
    found, held = [[]], dict.fromkeys(kinds)
    for _, group in groupby(window, lambda e: e["event_time"]):
        moment, is_cut = list(group), False
        for kind in kinds:
            mark = next((kind[0](e) for e in moment if kind[0](e) is not None), None)
            if mark is not None:
                is_cut |= held[kind] != mark and (held[kind] is not None or kind[1])
                held[kind] = mark
        if is_cut and found[-1]:
            found.append([])
        found[-1] += moment
    return found
