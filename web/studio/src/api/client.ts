import type { Apps, LiveSnapshot, Problem, Status } from "./generated";

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

export type Shape<T> = (value: unknown) => value is T;

/** What `read` sends: nothing but the address, unless it says more. */
export type Asking = {
  readonly signal?: AbortSignal | undefined;
  readonly body?: unknown;
  /** POST where there is a body, else GET. */
  readonly method?: "PUT" | "POST" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
};

async function answerOf(path: string, { signal, body, method, headers: more }: Asking): Promise<Response> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const verb = method ?? (body === undefined ? "GET" : "POST");
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const headers = { accept: "application/json", ...type, ...more };
  try {
    return await fetch(path, { method: verb, headers, ...sent, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({ kind: "unreachable" });
  }
}

function failureOf(response: Response, body: unknown): ApiError {
  if (response.status === 401) return new ApiError({ kind: "signed_out" });
  return new ApiError({ kind: "problem", problem: isProblem(body) ? body : unknownProblem(response.status) });
}

/** Do something that has no answer; throws `ApiError`. */
export async function tell(path: string, asking: Asking): Promise<void> {
  const response = await answerOf(path, asking);
  if (!response.ok) throw failureOf(response, parsed(await response.text()));
}

/** The text of an answer, which may take its numbers apart by itself; throws `ApiError`. */
export async function readText(path: string, asking: Asking = {}): Promise<string> {
  const response = await answerOf(path, asking);
  const text = await response.text();
  if (response.ok) return text;
  throw failureOf(response, parsed(text));
}

/** The bytes of an answer, for a file; throws `ApiError`. */
export async function readFile(path: string, asking: Asking): Promise<Blob> {
  const response = await answerOf(path, asking);
  if (response.ok) return response.blob();
  throw failureOf(response, parsed(await response.text()));
}

/** An answer of the API in the shape it must have; throws `ApiError`. */
export async function read<T>(path: string, isShape: Shape<T>, asking: Asking = {}): Promise<T> {
  const response = await answerOf(path, asking);
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && isShape(body)) return body;
  throw failureOf(response, body);
}

/** JSON, or null. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function unknownProblem(status: number): Problem {
  const detail = "The studio gave an answer that this page does not understand. Reload the page.";
  return { type: "about:blank", title: "Unexpected answer", status, code: "internal", detail, retryable: true };
}

export function has(value: unknown, ...names: readonly string[]): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && names.every((name) => name in value);
}

export function isProblem(value: unknown): value is Problem {
  return has(value, "code", "detail") && typeof value.detail === "string";
}

export function isLiveSnapshot(value: unknown): value is LiveSnapshot {
  return has(value, "at", "people", "bots", "totals", "version") && value.version === 2;
}

function isStatus(value: unknown): value is Status {
  return has(value, "parts", "problems") && Array.isArray(value.problems);
}

function isApps(value: unknown): value is Apps {
  return has(value, "project", "apps");
}

/** Whether asking again may help: a second try for what passes, none for what is so. */
export function isWorthRetry(failures: number, error: Error): boolean {
  if (failures > 0 || !(error instanceof ApiError)) return false;
  const { failure } = error;
  return failure.kind === "unreachable" || (failure.kind === "problem" && failure.problem.retryable);
}

/** What the studio's log calls a request that failed there; "" where there is nothing to look up. */
export function requestIdOf(error: Error): string {
  return error instanceof ApiError && error.failure.kind === "problem" ? (error.failure.problem.request_id ?? "") : "";
}

export function failureText(error: Error): string {
  return error instanceof ApiError ? describeFailure(error.failure) : error.message;
}

export function readLive(signal?: AbortSignal): Promise<LiveSnapshot> {
  return read("/api/live", isLiveSnapshot, { signal });
}

export function readApps(signal?: AbortSignal): Promise<Apps> {
  return read("/api/apps", isApps, { signal });
}

export function readStatus(signal?: AbortSignal): Promise<Status> {
  return read("/api/status", isStatus, { signal });
}
