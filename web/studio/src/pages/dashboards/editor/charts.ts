import type { ChartKind } from "../../../charts/draw/draw";

/** Kinds of tiles, in the order they are offered. */
export const CHARTS: readonly { readonly value: ChartKind; readonly label: string }[] = [
  { value: "number", label: "Number" },
  { value: "table", label: "Table" },
  { value: "line", label: "Line" },
  { value: "area", label: "Area" },
  { value: "bar", label: "Bars" },
  { value: "stacked_bar", label: "Stacked bars" },
  { value: "pie", label: "Pie" },
  { value: "donut", label: "Donut" },
  { value: "tree_map", label: "Tree map" },
  { value: "heat_map", label: "Heat map" },
  { value: "text", label: "Text" },
];
