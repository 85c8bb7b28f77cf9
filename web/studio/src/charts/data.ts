import type { TileDataShape, TileOptions } from "../api/generated";
import { formatCount, formatExact, formatPercent } from "../format/format";

export type Cell = TileDataShape["rows"][number][number];

/** Rows, and which column is drawn as what. */
export type ChartData = {
  readonly columns: TileDataShape["columns"];
  readonly rows: TileDataShape["rows"];
  readonly roles: TileOptions;
  /** The same columns in an earlier range, times where they are drawn in this one. */
  readonly before?: Pick<TileDataShape, "rows"> | null | undefined;
};

export const NONE = "(none)";

export function columnAt({ columns }: ChartData, name: string | undefined): number {
  return name ? columns.findIndex((column) => column.name === name) : -1;
}

export function isTime(data: ChartData, at: number): boolean {
  return /^(TIMESTAMP|DATE)/.test(data.columns[at]?.type ?? "");
}

export function isNumber(data: ChartData, at: number): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/.test(data.columns[at]?.type ?? "");
}

/** Milliseconds of a time as the server writes it; one without a zone is the dashboard's and drawn as it stands. */
export function timeOf(value: Cell): number {
  const text = String(value);
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) || text.length <= 10 ? text : `${text}Z`);
}

/** A value in words. */
export function wordOf(value: Cell | undefined): string {
  if (value === null || value === undefined || value === "") return NONE;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function numberOf(value: Cell | undefined): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

const DAY_MS = 86_400_000;
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const MINUTE_MS = 60_000;
const TIME = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" } as const;
const MINUTE = new Intl.DateTimeFormat("en-GB", TIME);
const SECOND = new Intl.DateTimeFormat("en-GB", { ...TIME, second: "2-digit" });

/** A time in words, as exactly as it is one: a day where it is midnight, with seconds where it has any. */
export function momentOf(ms: number): string {
  if (ms % DAY_MS === 0) return DATE.format(ms);
  return (ms % MINUTE_MS === 0 ? MINUTE : SECOND).format(ms);
}

/** A value as a label of an axis, a slice or a cell. */
export function labelOf(data: ChartData, at: number, value: Cell | undefined): string {
  if (value !== null && value !== undefined && isTime(data, at)) {
    const ms = timeOf(value);
    return Number.isNaN(ms) ? String(value) : momentOf(ms);
  }
  return wordOf(value);
}

/** A number as people read it: short, with the digits that say something. */
export function shortNumber(value: number | null): string {
  if (value === null) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 10_000) return value < 0 ? `−${formatCount(-value)}` : formatCount(value);
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 4 }).format(value);
}

export function exactNumber(value: number | null): string {
  if (value === null) return "no value";
  return Number.isInteger(value) ? formatExact(value) : new Intl.NumberFormat("en", { maximumFractionDigits: 6 }).format(value);
}

function isShare(data: ChartData, at: number): boolean {
  return data.columns[at]?.is_share === true;
}

const SHARE = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A number of a column as people read it; of shares 42.3 %. */
export function shortIn(data: ChartData, at: number, value: number | null): string {
  return value !== null && isShare(data, at) ? formatPercent(value, 1).replace("-", "−") : shortNumber(value);
}

export function exactIn(data: ChartData, at: number, value: number | null): string {
  return value !== null && isShare(data, at) ? `${SHARE.format(100 * value).replace("-", "−")} %` : exactNumber(value);
}

export function different<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)];
}
