import type { Apps, EventDetail, LiveSnapshot, Problem, Status } from "./generated";

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
  return has(value, "at", "seconds", "minutes", "stream", "pages", "version") && value.version === 1;
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

export function readLive(signal?: AbortSignal): Promise<LiveSnapshot> {
  return read("/api/live", isLiveSnapshot, signal);
}

export function readApps(signal?: AbortSignal): Promise<Apps> {
  return read("/api/apps", isApps, signal);
}

export function readStatus(signal?: AbortSignal): Promise<Status> {
  return read("/api/status", isStatus, signal);
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
