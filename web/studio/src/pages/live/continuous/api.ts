import { has, read } from "../../../api/client";
import type { ContinuousQueries, ContinuousResults } from "../../../api/generated";

function isQueries(value: unknown): value is ContinuousQueries {
  return has(value, "queries") && Array.isArray(value.queries);
}

function isResults(value: unknown): value is ContinuousResults {
  return has(value, "query", "results") && Array.isArray(value.results);
}

export function readQueries(signal?: AbortSignal): Promise<ContinuousQueries> {
  return read("/api/continuous", isQueries, { signal });
}

export function readResults(name: string, windows: number, signal?: AbortSignal): Promise<ContinuousResults> {
  return read(`/api/continuous/${encodeURIComponent(name)}?windows=${windows}`, isResults, { signal });
}
