import type { EChartsCoreOption } from "echarts/core";
import { slotsOf } from "../colours";
import {
  type Cell,
  type ChartData,
  columnAt,
  different,
  exactIn,
  isNumber,
  isTime,
  labelOf,
  momentOf,
  numberOf,
  shortIn,
  timeOf,
} from "../data";
import type { Palette } from "../palette";
import { tooltipLook } from "../tooltip";
import { axisFit, type Size } from "./fit";
import { axisLook, legend } from "./look";
import type { Point } from "./point";

export type CartesianKind = "line" | "area" | "bar" | "stacked_bar";

type Series = { readonly name: string; readonly values: ReadonlyMap<string, { readonly y: number | null; readonly row: number }> };

/** A line or bar for each colour, or for each measured column. */
export function seriesOf(data: ChartData): { readonly keys: readonly Cell[]; readonly series: readonly Series[] } {
  const [x, colour] = [columnAt(data, data.roles.x), columnAt(data, data.roles.colour)];
  const ys = (data.roles.y ?? []).map((name) => columnAt(data, name));
  const keys = new Map<string, Cell>();
  const found = new Map<string, Map<string, { y: number | null; row: number }>>();
  data.rows.forEach((row, at) => {
    const key = String(row[x] ?? null);
    keys.set(key, row[x] ?? null);
    for (const y of ys) {
      const name = colour >= 0 ? labelOf(data, colour, row[colour]) : (data.columns[y]?.name ?? "");
      const values = found.get(name) ?? new Map();
      found.set(name, values.set(key, { y: numberOf(row[y]), row: at }));
    }
  });
  const ordered = colour < 0 ? [...keys.values()] : x >= 0 && isNumber(data, x) ? ascending(keys) : byTotal(keys, found);
  return { keys: ordered, series: [...found].map(([name, values]) => ({ name, values })) };
}

/** Numbers as they count: the hours of a day. */
function ascending(keys: ReadonlyMap<string, Cell>): readonly Cell[] {
  return [...keys.values()].toSorted((left, right) => (numberOf(left) ?? Number.POSITIVE_INFINITY) - (numberOf(right) ?? Number.POSITIVE_INFINITY));
}

/** The highest stack first; without parts they stay in the order of the answer. */
function byTotal(keys: ReadonlyMap<string, Cell>, found: ReadonlyMap<string, Series["values"]>): readonly Cell[] {
  const totals = new Map<string, number>();
  for (const values of found.values()) for (const [key, { y }] of values) totals.set(key, (totals.get(key) ?? 0) + (y ?? 0));
  return [...keys].toSorted(([left], [right]) => (totals.get(right) ?? 0) - (totals.get(left) ?? 0)).map(([, cell]) => cell);
}

const FILLED_MAX = 1_500;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** Whether nothing there means 0: counts and sums, not averages. */
function isAdditive(data: ChartData): boolean {
  return (data.roles.y ?? []).every((name) => {
    const type = data.columns[columnAt(data, name)]?.type ?? "";
    return /INT/.test(type) || /^(count|distinct|sum)\b/.test(name);
  });
}

/** Times in their order, with those between them at which nothing happened, where all have one distance. */
function filled(times: readonly number[]): readonly number[] {
  const sorted = times.filter((time) => !Number.isNaN(time)).toSorted((left, right) => left - right);
  const steps = sorted.slice(1).map((time, at) => time - (sorted[at] ?? time));
  const step = Math.min(...steps);
  const [first, last] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const isEven = steps.length > 0 && step > 0 && step <= WEEK_MS && steps.every((one) => one % step === 0);
  const count = isEven ? (last - first) / step + 1 : 0;
  return isEven && count <= FILLED_MAX ? Array.from({ length: count }, (_, at) => first + at * step) : sorted;
}

/** Whether some of it is below 0; else the axis begins there. */
function isBelow(data: ChartData): boolean {
  const ys = (data.roles.y ?? []).map((name) => columnAt(data, name));
  return data.rows.some((row) => ys.some((y) => (numberOf(row[y]) ?? 0) < 0));
}

/** What stands across and above it, as it is drawn. */
function laid(kind: CartesianKind, data: ChartData) {
  const x = columnAt(data, data.roles.x);
  const { keys, series } = seriesOf(data);
  const overTime = x >= 0 && isTime(data, x);
  const moments = keys.map(timeOf);
  const times = overTime ? (isAdditive(data) ? filled(moments) : moments.toSorted((left, right) => left - right)) : [];
  const keyAt = new Map(keys.map((key) => [timeOf(key), key]));
  const sorted: readonly (Cell | undefined)[] = overTime ? times.map((time) => keyAt.get(time)) : keys;
  const labels = sorted.map((key) => labelOf(data, x, key));
  const isStacked = kind === "stacked_bar" || (kind === "area" && series.length > 1);
  return { series, overTime, times, sorted, labels, isStacked };
}

/** Pixels above or below a line, or beside a low bar, that still mean it. */
const NEAR_PIXELS = 40;

/**
 * The point that a click means which hit no part: the nearest across, and there the nearest series.
 * `at` is in the chart's own values (of categories the place); `pixels` is where a value of y is drawn.
 */
export function pointNear(kind: CartesianKind, data: ChartData, at: readonly [number, number], pixels: (y: number) => number): Point | null {
  const { series, overTime, times, sorted, labels, isStacked } = laid(kind, data);
  const [x, y] = at;
  const words = wordsOf(data, labels);
  const across = overTime ? times : words.map((_, place) => place);
  const place = across.reduce((best, one, now) => (Math.abs(one - x) < Math.abs((across[best] ?? Number.NaN) - x) ? now : best), 0);
  const key = overTime ? sorted[place] : sorted[labels.indexOf(words[place] ?? "")];
  let below = 0;
  let found: { readonly row: number; readonly distance: number } | null = null;
  for (const { values } of series) {
    const point = values.get(String(key));
    if (!point || point.y === null) continue;
    const [low, high] = isStacked ? [below, below + point.y] : [kind === "line" ? point.y : 0, point.y];
    if (isStacked) below = high;
    const isWithin = y >= Math.min(low, high) && y <= Math.max(low, high);
    const distance = isWithin && isStacked ? 0 : Math.abs(pixels(high) - pixels(y));
    if ((isWithin || distance <= NEAR_PIXELS) && (found === null || distance < found.distance)) found = { row: point.row, distance };
  }
  return found;
}

/** The earlier range: each line once more, thin and dashed in its colour; a bar once more, paler. */
function earlierOf(kind: CartesianKind, data: ChartData, words: readonly string[], colours: ReadonlyMap<string, string | undefined>): readonly object[] {
  return kind === "bar" ? pale(data, words, colours) : dashed(kind, data, colours);
}

function pale(data: ChartData, words: readonly string[], colours: ReadonlyMap<string, string | undefined>): readonly object[] {
  if (!data.before) return [];
  const { series, sorted, labels, overTime, times } = laid("bar", { ...data, rows: data.before.rows });
  const keyAt = new Map(labels.map((label, at) => [label, sorted[at]]));
  const isZero = isAdditive(data);
  const places: readonly (readonly [number | string | undefined, Cell | undefined])[] = overTime
    ? times.map((time, at) => [time, sorted[at]])
    : words.map((word) => [word, keyAt.get(word)]);
  return series
    .filter(({ name }) => colours.has(name))
    .map(({ name, values }) => {
      const points = places.map(([place, key]) => ({ value: [place, values.get(String(key))?.y ?? (isZero ? 0 : null)], row: -1, isBefore: true }));
      return { name, type: "bar", data: points, itemStyle: { color: colours.get(name), opacity: PALE, borderRadius: [3, 3, 0, 0] }, ...BAR, emphasis: { focus: "none" } };
    });
}

function dashed(kind: CartesianKind, data: ChartData, colours: ReadonlyMap<string, string | undefined>): readonly object[] {
  if (!data.before || kind === "stacked_bar") return [];
  const earlier = laid(kind, { ...data, rows: data.before.rows });
  const [first = 0, last = 0] = [earlier.times[0], earlier.times.at(-1)];
  // Both together say how far apart points are, and so where between them nothing happened.
  const times = laid(kind, { ...data, rows: [...data.rows, ...data.before.rows] }).times.filter((time) => time >= first && time <= last);
  const keyAt = new Map(earlier.sorted.map((key) => [timeOf(key ?? null), key]));
  const isZero = isAdditive(data);
  const places: readonly (readonly [number | string | undefined, Cell | undefined])[] = earlier.overTime
    ? times.map((time) => [time, keyAt.get(time)])
    : earlier.sorted.map((key, at) => [earlier.labels[at], key]);
  return earlier.series
    .filter(({ name }) => colours.has(name))
    .map(({ name, values }) => {
      const color = colours.get(name);
      const points = places.map(([place, key]) => ({ value: [place, values.get(String(key))?.y ?? (isZero ? 0 : null)], row: -1, isBefore: true }));
      const lineStyle = { color, width: 1.25, type: "dashed", opacity: 0.8 };
      // Of the same name, so that the legend takes both away.
      return { name, type: "line", data: points, itemStyle: { color }, lineStyle, connectNulls: true, showSymbol: points.length === 1, symbol: "emptyCircle", symbolSize: 8, z: 1, emphasis: { focus: "none" } };
    });
}

const PALE = 0.4;
const BAR = { barMaxWidth: 44, barMinHeight: 1, barGap: "10%" };

/** Words across: those of the answer, then those that were there only before; numbers as they count. */
function wordsOf(data: ChartData, labels: readonly string[]): readonly string[] {
  const now = different(labels);
  if (!data.before) return now;
  const all = different([...now, ...laid("bar", { ...data, rows: data.before.rows }).labels]);
  const isCounting = all.length > now.length && isNumber(data, columnAt(data, data.roles.x));
  return isCounting ? all.toSorted((left, right) => Number(left) - Number(right)) : all;
}

type Shown = { readonly seriesName?: string; readonly value: readonly unknown[]; readonly data?: unknown };

/** `own` are colours of series that mean something; the others get theirs by name. */
export function cartesian(kind: CartesianKind, data: ChartData, palette: Palette, size: Size, own: Readonly<Record<string, string>> = {}): EChartsCoreOption {
  const { series, overTime, times, sorted, labels, isStacked } = laid(kind, data);
  const isZero = isAdditive(data);
  const y = columnAt(data, data.roles.y?.[0]);
  const names = series.map(({ name }) => name);
  const slots = slotsOf(names);
  const isAlone = names.length === 1 && columnAt(data, data.roles.colour) < 0;
  const isBar = kind === "bar" || kind === "stacked_bar";
  const colours = new Map(names.map((name) => [name, isAlone ? palette.accent : (own[name] ?? palette.series[slots.get(name) ?? 0])]));
  const made = series.map(({ name, values }) => {
    const color = colours.get(name);
    const points = sorted.map((key, at) => {
      const found = values.get(String(key));
      const high = found?.y ?? (isZero || isStacked ? 0 : null);
      return { value: [overTime ? times[at] : labels[at], high], row: found?.row ?? -1 };
    });
    return {
      name,
      type: isBar ? "bar" : "line",
      ...(isStacked ? { stack: "all" } : {}),
      data: points,
      itemStyle: { color, ...(isBar ? { borderRadius: isStacked ? 0 : [3, 3, 0, 0], borderColor: palette.raised, borderWidth: isStacked ? 0.5 : 0 } : {}) },
      ...(isBar
        ? BAR
        : { lineStyle: { color, width: 2 }, connectNulls: true, showSymbol: sorted.length < 40, symbolSize: 6, symbol: "circle" }),
      ...(kind === "area" ? { areaStyle: { color, opacity: isStacked ? 0.55 : 0.18 } } : {}),
      emphasis: { focus: names.length > 1 ? "series" : "none" },
    };
  });
  const axis = axisLook(palette);
  const words = wordsOf(data, labels);
  const before = earlierOf(kind, data, words, colours);
  // Ticks no finer than the data: days have no noon. One time alone has one, its own.
  const both = data.before ? laid(kind, { ...data, rows: [...data.rows, ...data.before.rows] }).times : times;
  const step = Math.min(...both.slice(1).map((time, at) => time - (both[at] ?? time)).filter((one) => one > 0));
  const hasOwnTicks = step >= WEEK_MS;
  const xAxis = overTime
    ? { type: "time", ...(Number.isFinite(step) ? { minInterval: step } : {}), ...axis, splitLine: { show: false }, axisLabel: { ...axis.axisLabel, formatter: momentOf, ...(hasOwnTicks ? { customValues: different(both) } : {}) } }
    : { type: "category", data: words, ...axis, axisLabel: { ...axis.axisLabel, ...axisFit(words, size) } };
  return {
    useUTC: true,
    // Half of a time stands beyond the first and the last point of a line.
    grid: { left: overTime && !isBar && step < DAY_MS ? 24 : 4, right: overTime && !isBar ? (step < DAY_MS ? 44 : 24) : 12, top: 12, bottom: names.length > 1 ? 32 : 4, containLabel: true },
    legend: legend(palette, names),
    xAxis,
    yAxis: { type: "value", ...axis, axisLabel: { ...axis.axisLabel, formatter: (value: number) => shortIn(data, y, value) }, ...(isBelow({ ...data, rows: [...data.rows, ...(data.before?.rows ?? [])] }) ? {} : { min: 0 }), minInterval: 0 },
    tooltip: {
      ...tooltipLook(palette),
      formatter: (points: readonly Shown[]) => tooltipOf(points, overTime, (value) => exactIn(data, y, value)),
      axisPointer: { type: isBar ? "shadow" : "line", shadowStyle: { color: palette.soft, opacity: 0.5 } },
    },
    series: isBar ? [...before, ...made] : [...made, ...before],
  };
}

function isEarlier(part: unknown): boolean {
  return typeof part === "object" && part !== null && "isBefore" in part;
}

function tooltipOf(points: readonly Shown[], overTime: boolean, exact: (value: number | null) => string): string {
  const [first] = points;
  if (!first) return "";
  const head = overTime && typeof first.value[0] === "number" ? momentOf(first.value[0]) : String(first.value[0]);
  const lines = points
    .map(({ seriesName, value, data }) => ({ seriesName, y: typeof value[1] === "number" ? value[1] : null, isBefore: isEarlier(data) }))
    .filter(({ y }) => points.length === 1 || (y !== null && y !== 0))
    .map(({ seriesName, y, isBefore }) => `${seriesName ?? ""}${isBefore ? ", before" : ""}   ${exact(y)}`);
  return [head, ...lines].join("\n");
}
