import { has, read } from "../../api/client";
import type { Arrivals, EventDetail, FilteredCounts, SessionPage, TopList } from "../../api/generated";
import { type ColumnFilter, formatColumnFilter } from "../../components/filters/filters";
import { isSessionPage } from "../../components/session/api";
import type { EventPlace } from "../../components/event/place";
import { type Filter, formatFilter, type Panel, type Who } from "./narrowing/filters";

function isEventDetail(value: unknown): value is EventDetail {
  return has(value, "request_id", "columns", "request");
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

function narrowed(filters: readonly Filter[], who: Who): URLSearchParams {
  const query = new URLSearchParams({ who });
  for (const filter of filters) query.append("f", formatFilter(filter));
  return query;
}

export function readFiltered(filters: readonly Filter[], who: Who, signal?: AbortSignal): Promise<FilteredCounts> {
  return read(`/api/live/filtered?${narrowed(filters, who)}`, isFilteredCounts, { signal });
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
  return read(`/api/live/lists/${panel}?${query}`, isTopList, { signal });
}

export function readOpenSessions(
  who: Who,
  filters: readonly ColumnFilter[],
  limit: number,
  signal?: AbortSignal,
): Promise<SessionPage> {
  const query = new URLSearchParams({ who, limit: String(limit) });
  for (const filter of filters) query.append("f", formatColumnFilter(filter));
  return read(`/api/live/sessions?${query}`, isSessionPage, { signal });
}

export function readFailures(signal?: AbortSignal): Promise<Arrivals> {
  return read("/api/live/failures", isArrivals, { signal });
}

export function readEvent(place: EventPlace, signal?: AbortSignal): Promise<EventDetail> {
  const { requestId, requestIndex, logOffset } = place;
  const path = `/api/events/${encodeURIComponent(requestId)}/${requestIndex}?log_offset=${logOffset}`;
  return read(path, isEventDetail, { signal });
}
