import { has, read, readText } from "../../../api/client";
import type { Done, QueryToSave, SavedQueries, SavedQuery } from "../../../api/generated";
import { type Found, parseAnswer } from "../api";

function areQueries(value: unknown): value is SavedQueries {
  return has(value, "queries") && Array.isArray(value.queries);
}

function isQuery(value: unknown): value is SavedQuery {
  return has(value, "name", "sql", "parameters");
}

function isDone(value: unknown): value is Done {
  return has(value, "done") && typeof value.done === "string";
}

/** Values of a saved query's parameters, as a person wrote them. */
export type Values = Readonly<Record<string, string>>;

export function readQueries(signal?: AbortSignal): Promise<SavedQueries> {
  return read("/api/queries", areQueries, { signal });
}

export function saveQuery(body: QueryToSave): Promise<SavedQuery> {
  return read("/api/queries", isQuery, { body });
}

export async function removeQuery(name: string): Promise<void> {
  await readText(`/api/queries/${encodeURIComponent(name)}`, { method: "DELETE" });
}

export function makeView(name: string, sql: string, isReplacing: boolean): Promise<Done> {
  return read("/api/catalog/views", isDone, { body: { name, sql, is_replacing: isReplacing } });
}

/** Rows of a saved query; `signal` ends the statement where it runs. */
export async function runSaved(name: string, values: Values, signal: AbortSignal): Promise<Found> {
  const from = performance.now();
  const text = await readText(`/api/queries/${encodeURIComponent(name)}/run`, { body: { params: values }, signal });
  return { answer: parseAnswer(text), took: performance.now() - from };
}
