import { has, read } from "../../api/client";
import type { SessionPage, SessionTimeline } from "../../api/generated";

export function isSessionPage(value: unknown): value is SessionPage {
  return has(value, "sessions", "total", "next");
}

function isTimeline(value: unknown): value is SessionTimeline {
  return has(value, "session", "events", "is_cut_off");
}

export function readTimeline(id: string, definition: string, signal?: AbortSignal): Promise<SessionTimeline> {
  const query = new URLSearchParams({ definition });
  return read(`/api/sessions/${encodeURIComponent(id)}?${query}`, isTimeline, { signal });
}
