import type { SqlAnswerShape } from "../../../api/generated";
import { isNumeric, textOf } from "./values";

export const CHART_KINDS = ["bar", "line", "area"] as const;
export type ChartKind = (typeof CHART_KINDS)[number];

/** Marks that a chart can show so that one can still be told from another. */
export const MARKS_MAX: Readonly<Record<ChartKind, number>> = { bar: 200, line: 5_000, area: 5_000 };

export type Chosen = { readonly x: string; readonly y: string; readonly kind: ChartKind };

export function isChartKind(text: string): text is ChartKind {
  return CHART_KINDS.some((kind) => kind === text);
}

/** Columns that can be a height: numbers, and decimals that came as text. */
export function numericColumns({ columns }: SqlAnswerShape): readonly string[] {
  return columns.filter(isNumeric).map(({ name }) => name);
}

/** What to draw before anybody chose: the first column that is no number (or the first of all) along, the next number up. */
export function firstChoice(answer: SqlAnswerShape): Chosen | null {
  const [first, second] = numericColumns(answer);
  const other = answer.columns.find((column) => !isNumeric(column));
  if (other && first !== undefined) return { x: other.name, y: first, kind: /^(DATE|TIME)/.test(other.type) ? "line" : "bar" };
  return first !== undefined && second !== undefined ? { x: first, y: second, kind: "bar" } : null;
}

export type Series = { readonly labels: readonly string[]; readonly values: readonly (number | null)[]; readonly left: number };

/** Labels and heights in the order of the rows; `left` rows are not drawn. */
export function seriesOf({ columns, rows }: SqlAnswerShape, { x, y, kind }: Chosen): Series {
  const atX = columns.findIndex(({ name }) => name === x);
  const atY = columns.findIndex(({ name }) => name === y);
  const drawn = rows.slice(0, MARKS_MAX[kind]);
  return {
    labels: drawn.map((row) => textOf(row[atX] ?? null) ?? "null"),
    values: drawn.map((row) => numberOf(textOf(row[atY] ?? null))),
    left: rows.length - drawn.length,
  };
}

function numberOf(text: string | null): number | null {
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
