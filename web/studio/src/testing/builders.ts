import type { Failure, LiveCounts, LiveSnapshot, StreamEvent, TopList } from "../api/generated";

const NONE: TopList = { rows: [], others: 0, is_exact: true };
const AT = 1_728_043_200_000_000;

export function counts(changes: Partial<LiveCounts> = {}): LiveCounts {
  return {
    open_sessions: 0,
    visitors_5m: 0,
    visitors_30m: 0,
    visitors_are_exact: true,
    events_30m: 0,
    views_30m: 0,
    seconds: { from_us: AT - 300e6, events: Array.from({ length: 300 }, () => 0) },
    minutes: { from_us: AT - 1800e6, events: zeros(), views: zeros(), visitors: zeros() },
    pages: NONE,
    events: NONE,
    sources: NONE,
    devices: NONE,
    browsers: NONE,
    systems: NONE,
    stream: [],
    ...changes,
  };
}

export function snapshot(changes: Partial<LiveSnapshot> = {}): LiveSnapshot {
  return { at: AT, version: 2, people: counts(), bots: counts(), totals: {}, lag_requests: 0, ...changes };
}

function zeros(): number[] {
  return Array.from({ length: 30 }, () => 0);
}

export function streamEvent(number: number, changes: Partial<StreamEvent> = {}): StreamEvent {
  return {
    request_id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    request_index: 0,
    log_offset: number,
    received_at: AT + number,
    event_time: AT + number,
    event_name: "page_view",
    app_id: "shop",
    page: `/page/${number}`,
    page_title: null,
    visitor_id: "v1",
    user_id: null,
    source: null,
    device: null,
    browser: null,
    os: null,
    is_late: false,
    is_bot: false,
    ...changes,
  };
}

export function failure(changes: Partial<Failure> = {}): Failure {
  return {
    reason: "unknown_write_id",
    part: "request",
    protocol: "footfall",
    credential: "wbe",
    count: 1,
    message: null,
    path: null,
    last_at: AT,
    ...changes,
  };
}
