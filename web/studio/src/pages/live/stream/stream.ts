import type { StreamEvent } from "../../../api/generated";

/** Events a page holds, so that a filter finds more than the newest 200. */
export const KEPT_EVENTS = 1_000;

export function eventKey(event: StreamEvent): string {
  return `${event.request_id}.${event.request_index}`;
}

/** The newest events of a snapshot before those held already; both newest first, none twice, bounded. */
export function mergeEvents(held: readonly StreamEvent[], newest: readonly StreamEvent[]): readonly StreamEvent[] {
  const added = newerThan(held, newest, "");
  if (added.length === 0) return held;
  return [...added, ...held].slice(0, KEPT_EVENTS);
}

/** Whether each word of the filter occurs in what the list shows of the event, whatever the case. */
export function matches(event: StreamEvent, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const shown = [
    event.event_name,
    event.page,
    event.page_title,
    event.visitor_id,
    event.user_id,
    event.source,
    event.device,
    event.browser,
    event.os,
    event.app_id,
  ];
  const text = shown.filter(Boolean).join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What came after `shown`, of events that match; both newest first. */
export function newerThan(
  shown: readonly StreamEvent[],
  all: readonly StreamEvent[],
  filter: string,
): readonly StreamEvent[] {
  const known = new Set(shown.map(eventKey));
  return all.filter((event) => !known.has(eventKey(event)) && matches(event, filter));
}
