import { has, read } from "../../api/client";
import type { SessionPage, SessionsAbout } from "../../api/generated";
import { type ColumnFilter, formatColumnFilter } from "../../components/filters/filters";
import { type Range, rangeQuery } from "../../components/range/range";
import { isSessionPage } from "../../components/session/api";

export const PAGE_ROWS = 50;

export type SessionsQuestion = {
  readonly definition: string;
  readonly app: string;
  readonly who: string;
  readonly range: Range;
  readonly filters: readonly ColumnFilter[];
  readonly sort: string;
  readonly offset: number;
};

function isAbout(value: unknown): value is SessionsAbout {
  return has(value, "definitions", "fields");
}

export function readAbout(signal?: AbortSignal): Promise<SessionsAbout> {
  return read("/api/sessions/about", isAbout, { signal });
}

/** What the API is asked; also what tells two questions apart. */
export function askedOf(question: SessionsQuestion): string {
  const { definition, app, who, range, filters, sort, offset } = question;
  const query = new URLSearchParams({ who, sort, limit: String(PAGE_ROWS), offset: String(offset) });
  for (const [name, value] of Object.entries({ definition, app, ...rangeQuery(range) })) if (value) query.set(name, value);
  for (const filter of filters) query.append("f", formatColumnFilter(filter));
  return query.toString();
}

export function readSessions(asked: string, signal?: AbortSignal): Promise<SessionPage> {
  return read(`/api/sessions?${asked}`, isSessionPage, { signal });
}
