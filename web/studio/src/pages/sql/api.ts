import { ApiError, has, read, readFile, readText, unknownProblem } from "../../api/client";
import type { SqlAnswerShape, Tables } from "../../api/generated";

/** One value of an answer. */
export type Cell = SqlAnswerShape["rows"][number][number];

/** What was asked: a statement, or a saved query with values for its parameters. */
export type Asked = { readonly sql: string; readonly saved: string; readonly values: Readonly<Record<string, string>> };

export const NOTHING: Asked = { sql: "", saved: "", values: {} };

export type Found = {
  readonly answer: SqlAnswerShape;
  /** Milliseconds from asking to having all of it. */
  readonly took: number;
};

/** Whole numbers that a browser cannot hold exactly. */
const LONG_NUMBER = /\d{16}/;

/** Gives a whole number that would lose digits as its text; older browsers, which do not pass it, round. */
function exact(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isInexact = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isInexact && context?.source ? context.source : value;
}

function isAnswer(value: unknown): value is SqlAnswerShape {
  return has(value, "columns", "rows", "is_cut_off") && Array.isArray(value.columns) && Array.isArray(value.rows);
}

export function parseAnswer(text: string): SqlAnswerShape {
  let answer: unknown = null;
  try {
    answer = LONG_NUMBER.test(text) ? JSON.parse(text, exact) : JSON.parse(text);
  } catch {
    // Not JSON: said below.
  }
  if (isAnswer(answer)) return answer;
  throw new ApiError({ kind: "problem", problem: unknownProblem(200) });
}

/** Ask; `signal` ends the statement where it runs. */
export async function runSql(sql: string, signal: AbortSignal): Promise<Found> {
  const from = performance.now();
  const answer = parseAnswer(await readText("/api/sql", { body: { sql }, signal }));
  return { answer, took: performance.now() - from };
}

/** Files that an answer can be kept as. */
export type FileKind = "csv" | "parquet";

/** The answer as a file, as the server writes it: every digit is there. */
export function readAnswerFile({ sql, saved, values }: Asked, kind: FileKind): Promise<Blob> {
  if (saved === "") return readFile(`/api/sql/${kind}`, { body: { sql } });
  return readFile(`/api/queries/${encodeURIComponent(saved)}/run`, { body: { params: values, format: kind } });
}

function isTables(value: unknown): value is Tables {
  return has(value, "tables") && Array.isArray(value.tables);
}

export function readTables(signal?: AbortSignal): Promise<Tables> {
  return read("/api/sql/tables", isTables, { signal });
}
