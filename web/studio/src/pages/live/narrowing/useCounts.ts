import { useQuery } from "@tanstack/react-query";
import type { LiveCounts, LiveSnapshot } from "../../../api/generated";
import { readFiltered } from "../api";
import { countsOf } from "./counts";
import { formatFilter } from "./filters";
import type { Narrowing } from "./useNarrowing";

/** Filtered numbers are asked from SQL; nothing polls faster. */
export const FILTERED_INTERVAL_MS = 5_000;

export type Shown =
  | { readonly kind: "counts"; readonly counts: LiveCounts }
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly error: Error; readonly retry: () => void };

/** What the page shows: the snapshot's numbers, or with filters those of what is left. */
export function useCounts(snapshot: LiveSnapshot, { who, filters }: Narrowing): Shown {
  const key = filters.map(formatFilter);
  const query = useQuery({
    queryKey: ["filtered", who, ...key],
    queryFn: ({ signal }) => readFiltered(filters, who, signal),
    enabled: filters.length > 0,
    refetchInterval: FILTERED_INTERVAL_MS,
    staleTime: FILTERED_INTERVAL_MS,
  });
  if (filters.length === 0) return { kind: "counts", counts: countsOf(snapshot, who) };
  if (query.data) return { kind: "counts", counts: query.data.counts };
  if (query.error) return { kind: "failed", error: query.error, retry: () => void query.refetch() };
  return { kind: "loading" };
}
