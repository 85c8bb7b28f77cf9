/** A time range as an address has it: the last so long before now, or from one moment to another. */
export type Range =
  | { readonly kind: "last"; readonly last: string }
  | { readonly kind: "between"; readonly sinceMs: number; readonly untilMs: number };

export const PRESETS = [
  { last: "30m", label: "Last 30 minutes" },
  { last: "24h", label: "Last 24 hours" },
  { last: "7d", label: "Last 7 days" },
  { last: "28d", label: "Last 28 days" },
  { last: "90d", label: "Last 90 days" },
] as const;

/** The same for questions, which know the calendar: units of it, the current one included. */
export const SPAN_PRESETS = [
  { last: "24h", label: "Last 24 hours" },
  { last: "1d", label: "Today" },
  { last: "7d", label: "Last 7 days" },
  { last: "28d", label: "Last 28 days" },
  { last: "90d", label: "Last 90 days" },
  { last: "12w", label: "Last 12 weeks" },
  { last: "12mo", label: "Last 12 months" },
] as const;

export type Preset = { readonly last: string; readonly label: string };

/** What an address says that names no range, or none that can be read. */
export const DEFAULT_RANGE: Range = { kind: "last", last: "24h" };

const LAST = /^\d{1,6}([smhdw]|mo)$/;

export function parseRange(last: string, since: string, until: string): Range {
  if (since && until) {
    const [sinceMs, untilMs] = [Date.parse(since), Date.parse(until)];
    if (sinceMs < untilMs) return { kind: "between", sinceMs, untilMs };
  }
  return LAST.test(last) ? { kind: "last", last } : DEFAULT_RANGE;
}

/** What the address and the API call it; names with "" are not there. */
export function rangeQuery(range: Range): { readonly last: string; readonly since: string; readonly until: string } {
  if (range.kind === "last") return { last: range.last, since: "", until: "" };
  return { last: "", since: isoOf(range.sinceMs), until: isoOf(range.untilMs) };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** 2026-11-24T12:00 on the clocks of a zone, as a moment; where clocks go back, the first of the two. */
export function momentIn(zone: string, wall: string): number {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return asUtc;
  const tries = [-1, 1].map((days) => asUtc - offsetIn(zone, asUtc + days * 86_400_000));
  return tries.find((ms) => wallIn(zone, ms) === wall.slice(0, 16)) ?? Math.max(...tries);
}

/** Inverse of `momentIn`, to the minute: what a date-and-time field shows. */
export function wallIn(zone: string, ms: number): string {
  return new Date(ms + offsetIn(zone, ms)).toISOString().slice(0, 16);
}

function offsetIn(zone: string, ms: number): number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}
