import { type Filter, formatFilter, type Panel, type Who } from "../live/filters";
import type {
  Apps,
  Arrivals,
  EventDetail,
  FilteredCounts,
  LiveSnapshot,
  Problem,
  Snippets,
  Status,
  TopList,
} from "./generated";

/** Why a request has no answer; each kind is shown in its own way. */
export type ApiFailure =
  | { readonly kind: "signed_out" }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "unreachable" };

export class ApiError extends Error {
  readonly failure: ApiFailure;

  constructor(failure: ApiFailure) {
    super(describeFailure(failure));
    this.failure = failure;
  }
}

/** One sentence that says what happened and what to do. */
export function describeFailure(failure: ApiFailure): string {
  switch (failure.kind) {
    case "signed_out":
      return "Open the link that footfall serve printed when it started.";
    case "problem":
      return failure.problem.detail;
    case "unreachable":
      return "The studio does not answer. Is footfall serve running?";
  }
}

type Shape<T> = (value: unknown) => value is T;

async function read<T>(path: string, isShape: Shape<T>, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { accept: "application/json" }, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({ kind: "unreachable" });
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && isShape(body)) return body;
  if (response.status === 401) throw new ApiError({ kind: "signed_out" });
  throw new ApiError({ kind: "problem", problem: isProblem(body) ? body : unknownProblem(response.status) });
}

function unknownProblem(status: number): Problem {
  const detail = "The studio gave an answer that this page does not understand. Reload the page.";
  return { type: "about:blank", title: "Unexpected answer", status, code: "internal", detail, retryable: true };
}

function has(value: unknown, ...names: readonly string[]): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && names.every((name) => name in value);
}

export function isProblem(value: unknown): value is Problem {
  return has(value, "code", "detail") && typeof value.detail === "string";
}

export function isLiveSnapshot(value: unknown): value is LiveSnapshot {
  return has(value, "at", "people", "bots", "totals", "version") && value.version === 2;
}

function isEventDetail(value: unknown): value is EventDetail {
  return has(value, "request_id", "columns", "request");
}

function isStatus(value: unknown): value is Status {
  return has(value, "parts", "problems") && Array.isArray(value.problems);
}

function isApps(value: unknown): value is Apps {
  return has(value, "project", "apps");
}

function isFilteredCounts(value: unknown): value is FilteredCounts {
  return has(value, "at", "counts");
}

function isTopList(value: unknown): value is TopList {
  return has(value, "rows", "others");
}

function isArrivals(value: unknown): value is Arrivals {
  return has(value, "failures", "write_ids");
}

function isSnippets(value: unknown): value is Snippets {
  return has(value, "endpoint", "write_id", "snippets");
}

/** Whether asking again may help: a second try for what passes, none for what is so. */
export function isWorthRetry(failures: number, error: Error): boolean {
  if (failures > 0 || !(error instanceof ApiError)) return false;
  const { failure } = error;
  return failure.kind === "unreachable" || (failure.kind === "problem" && failure.problem.retryable);
}

export function failureText(error: Error): string {
  return error instanceof ApiError ? describeFailure(error.failure) : error.message;
}

export function readLive(signal?: AbortSignal): Promise<LiveSnapshot> {
  return read("/api/live", isLiveSnapshot, signal);
}

export function readApps(signal?: AbortSignal): Promise<Apps> {
  return read("/api/apps", isApps, signal);
}

export function readStatus(signal?: AbortSignal): Promise<Status> {
  return read("/api/status", isStatus, signal);
}

function narrowed(filters: readonly Filter[], who: Who): URLSearchParams {
  const query = new URLSearchParams({ who });
  for (const filter of filters) query.append("f", formatFilter(filter));
  return query;
}

export function readFiltered(filters: readonly Filter[], who: Who, signal?: AbortSignal): Promise<FilteredCounts> {
  return read(`/api/live/filtered?${narrowed(filters, who)}`, isFilteredCounts, signal);
}

export type ListQuestion = {
  readonly panel: Panel;
  readonly search: string;
  readonly filters: readonly Filter[];
  readonly who: Who;
};

export function readList({ panel, search, filters, who }: ListQuestion, signal?: AbortSignal): Promise<TopList> {
  const query = narrowed(filters, who);
  query.set("search", search);
  return read(`/api/live/lists/${panel}?${query}`, isTopList, signal);
}

export function readFailures(signal?: AbortSignal): Promise<Arrivals> {
  return read("/api/live/failures", isArrivals, signal);
}

export function readSnippets(appId: string, signal?: AbortSignal): Promise<Snippets> {
  return read(`/api/snippets?app_id=${encodeURIComponent(appId)}`, isSnippets, signal);
}

/** Where an event is: what the address of an open drawer holds. */
export type EventPlace = {
  readonly requestId: string;
  readonly requestIndex: number;
  readonly logOffset: number;
};

export function readEvent(place: EventPlace, signal?: AbortSignal): Promise<EventDetail> {
  const { requestId, requestIndex, logOffset } = place;
  const path = `/api/events/${encodeURIComponent(requestId)}/${requestIndex}?log_offset=${logOffset}`;
  return read(path, isEventDetail, signal);
}
