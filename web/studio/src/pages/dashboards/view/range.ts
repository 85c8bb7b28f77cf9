import type { Range } from "../../../api/generated";
import { momentIn, parseRange, type Range as Shown } from "../../../components/range/range";

/** Ranges that a dashboard may have at first. */
export const RANGES = [
  { value: "24h", label: "Last 24 hours", range: { last: 24, unit: "hour" } },
  { value: "1d", label: "Today", range: { last: 1, unit: "day" } },
  { value: "7d", label: "Last 7 days", range: { last: 7, unit: "day" } },
  { value: "28d", label: "Last 28 days", range: { last: 28, unit: "day" } },
  { value: "90d", label: "Last 90 days", range: { last: 90, unit: "day" } },
  { value: "12w", label: "Last 12 weeks", range: { last: 12, unit: "week" } },
  { value: "12mo", label: "Last 12 months", range: { last: 12, unit: "month" } },
] as const;

const UNITS = { hour: "h", day: "d", week: "w", month: "mo" } as const;
const CALENDAR = [
  ["h", "hour"],
  ["d", "day"],
  ["w", "week"],
  ["mo", "month"],
] as const;
const MINUTE_MS = 60_000;

/** What is chosen: of the address if it names one, else the dashboard's own. */
export type Chosen = { readonly shown: Shown; readonly range: Range };

export function chosenRange(last: string, since: string, until: string, own: Range | undefined, zone: string): Chosen {
  if (!last && !(since && until)) return { shown: shownOf(own ?? { last: 7 }, zone), range: own ?? { last: 7 } };
  const shown = parseRange(last, since, until);
  return { shown, range: rangeOf(shown) };
}

/** A dashboard's range as the picker shows it. */
export function shownOf(range: Range, zone: string): Shown {
  if (range.start) {
    const [sinceMs, untilMs] = [momentOf(range.start, zone, 0), range.end ? momentOf(range.end, zone, 1) : Date.now()];
    return { kind: "between", sinceMs, untilMs };
  }
  return { kind: "last", last: `${range.last ?? 7}${UNITS[range.unit ?? "day"]}` };
}

const DAY_MS = 86_400_000;

/** A moment of a range; a date is its first moment, or with `after` days the first of the next. */
function momentOf(text: string, zone: string, after: number): number {
  const ms = text.length > 10 && /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : momentIn(zone, text.length > 10 ? text : `${text}T00:00`);
  return text.length > 10 ? ms : ms + after * DAY_MS;
}

/** What the picker chose, as tiles are asked. Days and hours are those of the calendar, the current one included. */
export function rangeOf(shown: Shown): Range {
  if (shown.kind === "between") return { start: new Date(shown.sinceMs).toISOString(), end: new Date(shown.untilMs).toISOString() };
  const [, count = "7", unit = "d"] = /^(\d+)([smhdw]|mo)$/.exec(shown.last) ?? [];
  const calendar = CALENDAR.find(([short]) => short === unit);
  if (calendar) return { last: Number(count), unit: calendar[1] };
  const ms = Number(count) * (unit === "m" ? MINUTE_MS : 1_000);
  // To the minute, so that all tiles and all who look ask the same.
  return { start: new Date(Math.floor((Date.now() - ms) / MINUTE_MS) * MINUTE_MS).toISOString() };
}

/** A range in words. */
export function rangeText(range: Range): string {
  if (range.start) return range.end ? `${range.start} to ${range.end}` : `Since ${range.start}`;
  const [last, unit] = [range.last ?? 7, range.unit ?? "day"];
  const known = RANGES.find((one) => one.range.last === last && one.range.unit === unit);
  return known?.label ?? `Last ${last} ${unit}${last === 1 ? "" : "s"}`;
}
