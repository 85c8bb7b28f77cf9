import type { EChartsCoreOption } from "echarts/core";
import type { Tile } from "../../api/generated";
import { type ChartData, columnAt, exactIn, labelOf, numberOf } from "../data";
import type { Palette } from "../palette";
import type { Size } from "./fit";
import { type CartesianKind, cartesian } from "./cartesian";
import { heatMap } from "./heat";
import { round } from "./round";
import { treeMap } from "./tree";

export type ChartKind = Tile["chart"];

/** Kinds that ECharts draws; the others are numbers, tables and text. */
export type DrawnKind = Exclude<ChartKind, "number" | "table" | "text">;

export function isDrawn(kind: ChartKind): kind is DrawnKind {
  return kind !== "number" && kind !== "table" && kind !== "text";
}

/** Kinds with axes, where a click beside a part means the nearest one. */
export function isCartesian(kind: DrawnKind): kind is CartesianKind {
  return kind === "line" || kind === "area" || kind === "bar" || kind === "stacked_bar";
}

/** How ECharts draws an answer. */
export function drawn(kind: DrawnKind, data: ChartData, palette: Palette, size: Size): EChartsCoreOption {
  switch (kind) {
    case "line":
    case "area":
    case "bar":
    case "stacked_bar":
      return cartesian(kind, data, palette, size);
    case "pie":
      return round(false, data, palette, size);
    case "donut":
      return round(true, data, palette, size);
    case "tree_map":
      return treeMap(data, palette, size);
    case "heat_map":
      return heatMap(data, palette, size);
  }
}

const SAID_MAX = 5;

/** The chart in words: what it shows, of how many, and the first of them. */
export function summaryOf(title: string, kind: ChartKind, data: ChartData): string {
  const [x, y] = [columnAt(data, data.roles.x), columnAt(data, data.roles.y?.[0] || data.roles.size)];
  const parts = data.rows
    .slice(0, SAID_MAX)
    .map((row) => `${labelOf(data, x, row[x])} ${exactIn(data, y, numberOf(row[y]))}`)
    .join(", ");
  const rest = data.rows.length > SAID_MAX ? `, and ${data.rows.length - SAID_MAX} more` : "";
  return `${title || "Chart"}, ${kind.replace("_", " ")} of ${data.rows.length}: ${parts}${rest}.`;
}
