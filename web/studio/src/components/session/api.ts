import { has, read } from "../../api/client";
import type { SessionPage, SessionTimeline, Visitor, VisitorEvents, VisitorSessions } from "../../api/generated";

export function isSessionPage(value: unknown): value is SessionPage {
  return has(value, "sessions", "total", "next");
}

function isTimeline(value: unknown): value is SessionTimeline {
  return has(value, "session", "events", "is_cut_off", "before");
}

export function readTimeline(id: string, definition: string, signal?: AbortSignal): Promise<SessionTimeline> {
  const query = new URLSearchParams({ definition });
  return read(`/api/sessions/${encodeURIComponent(id)}?${query}`, isTimeline, { signal });
}

/** A visitor, or another key, by a session definition; "" is the default. */
export type Whose = { readonly app: string; readonly visitor: string; readonly definition: string };

const PAGE = 50;

function isVisitor(value: unknown): value is Visitor {
  return has(value, "visitor_id", "first_seen", "users", "sessions");
}

function areSessions(value: unknown): value is VisitorSessions {
  return has(value, "sessions", "before", "next");
}

function areEvents(value: unknown): value is VisitorEvents {
  return has(value, "events", "next");
}

export function readVisitor(whose: Whose, signal?: AbortSignal): Promise<Visitor> {
  return read(`/api/visitors?${new URLSearchParams(whose)}`, isVisitor, { signal });
}

export function readVisitorSessions(whose: Whose, offset: number, signal?: AbortSignal): Promise<VisitorSessions> {
  return read(`/api/visitors/sessions?${pageOf(whose, offset)}`, areSessions, { signal });
}

export function readVisitorEvents(whose: Whose, offset: number, signal?: AbortSignal): Promise<VisitorEvents> {
  return read(`/api/visitors/events?${pageOf(whose, offset)}`, areEvents, { signal });
}

function pageOf(whose: Whose, offset: number): URLSearchParams {
  return new URLSearchParams({ ...whose, limit: String(PAGE), offset: String(offset) });
}
