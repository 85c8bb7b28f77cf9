import type { LiveCounts, LiveSnapshot, StreamEvent, TopList, TopRow } from "../../../api/generated";
import type { Who } from "./filters";

const ROWS_MAX = 50;

function summed(left: readonly number[], right: readonly number[]): readonly number[] {
  return left.map((value, index) => value + (right[index] ?? 0));
}

function listed(left: TopList, right: TopList): TopList {
  const counts = new Map<string | null, number>();
  for (const { value, count } of [...left.rows, ...right.rows]) counts.set(value, (counts.get(value) ?? 0) + count);
  const rows: readonly TopRow[] = [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count);
  const cut = rows.slice(ROWS_MAX).reduce((sum, { count }) => sum + count, 0);
  return {
    rows: rows.slice(0, ROWS_MAX),
    others: left.others + right.others + cut,
    is_exact: left.is_exact !== false && right.is_exact !== false,
  };
}

function newerFirst(a: StreamEvent, b: StreamEvent): number {
  return b.received_at - a.received_at || b.log_offset - a.log_offset || b.request_index - a.request_index;
}

/** People and bots: a visitor id that both use is one of each, so everything is a sum. */
function together(people: LiveCounts, bots: LiveCounts): LiveCounts {
  return {
    open_sessions: people.open_sessions + bots.open_sessions,
    visitors_5m: people.visitors_5m + bots.visitors_5m,
    visitors_30m: people.visitors_30m + bots.visitors_30m,
    visitors_are_exact: people.visitors_are_exact && bots.visitors_are_exact,
    events_30m: people.events_30m + bots.events_30m,
    views_30m: people.views_30m + bots.views_30m,
    seconds: { from_us: people.seconds.from_us, events: summed(people.seconds.events, bots.seconds.events) },
    minutes: {
      from_us: people.minutes.from_us,
      events: summed(people.minutes.events, bots.minutes.events),
      views: summed(people.minutes.views, bots.minutes.views),
      visitors: summed(people.minutes.visitors, bots.minutes.visitors),
    },
    pages: listed(people.pages, bots.pages),
    events: listed(people.events, bots.events),
    sources: listed(people.sources, bots.sources),
    devices: listed(people.devices, bots.devices),
    browsers: listed(people.browsers, bots.browsers),
    systems: listed(people.systems, bots.systems),
    stream: [...people.stream, ...bots.stream].toSorted(newerFirst),
  };
}

/** What a snapshot says of those that are asked for. */
export function countsOf(snapshot: LiveSnapshot, who: Who): LiveCounts {
  switch (who) {
    case "people":
      return snapshot.people;
    case "bots":
      return snapshot.bots;
    case "all":
      return together(snapshot.people, snapshot.bots);
  }
}

/** Whether nothing came in, from people or bots. */
export function isQuiet(snapshot: LiveSnapshot): boolean {
  return [snapshot.people, snapshot.bots].every((counts) => counts.events_30m === 0 && counts.stream.length === 0);
}
