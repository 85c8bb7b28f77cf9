import { useQuery } from "@tanstack/react-query";
import type { SavedQuery } from "../../../api/generated";
import { readQueries } from "./api";

export type QueriesShown =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly error: Error; readonly retry: () => void }
  | { readonly kind: "queries"; readonly queries: readonly SavedQuery[] };

export const QUERIES_KEY = ["queries"];

/** Saved queries of everybody; those of others appear when the page is opened or looked at again. */
export function useQueries(): QueriesShown {
  const query = useQuery({ queryKey: QUERIES_KEY, queryFn: ({ signal }) => readQueries(signal) });
  if (query.data) return { kind: "queries", queries: query.data.queries };
  if (query.error) return { kind: "failed", error: query.error, retry: () => void query.refetch() };
  return { kind: "loading" };
}
