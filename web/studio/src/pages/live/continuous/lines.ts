import type { ContinuousResults } from "../../../api/generated";

export const LINES_MAX = 8;

export type Line = {
  /** The values of its key columns; empty where there is none. */
  readonly key: string;
  /** Window start in milliseconds, and the value; none where the window has no such row. */
  readonly points: readonly (readonly [number, number | null])[];
};

/** Columns that can be drawn: numbers that are no key. */
export function numericColumns({ query, results }: ContinuousResults): readonly string[] {
  const keys = query.definition.key ?? [];
  const names = (query.columns ?? []).map(([name]) => String(name)).filter((name) => !keys.includes(name));
  return names.filter((name) => results.some(({ rows }) => rows.some((row) => typeof row[name] === "number")));
}

/** A line for each key, those with most first; time goes to the right. */
export function linesOf({ query, results }: ContinuousResults, column: string): readonly Line[] {
  const keys = query.definition.key ?? [];
  const times = results.map(({ window_start }) => Date.parse(window_start));
  const byKey = new Map<string, (number | null)[]>();
  results.forEach(({ rows }, place) => {
    for (const row of rows) {
      const key = keys.map((name) => String(row[name] ?? "none")).join(", ");
      const values = byKey.get(key) ?? results.map(() => null);
      const value = row[column];
      if (typeof value === "number") values[place] = (values[place] ?? 0) + value;
      byKey.set(key, values);
    }
  });
  return [...byKey]
    .toSorted(([, left], [, right]) => total(right) - total(left))
    .slice(0, LINES_MAX)
    .map(([key, values]) => ({ key, points: values.map((value, i) => [times[i] ?? 0, value] as const).toReversed() }));
}

function total(values: readonly (number | null)[]): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}

/** What the chart shows, in words. */
export function summarize(name: string, column: string, lines: readonly Line[]): string {
  const last = lines[0]?.points.at(-1)?.[1];
  const windows = lines[0]?.points.length ?? 0;
  const newest = last === null || last === undefined ? "no value" : String(last);
  return `${column} of ${name} over ${windows} windows, ${lines.length} lines; newest of the first: ${newest}.`;
}
