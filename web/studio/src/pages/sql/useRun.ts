import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type Asked, type Found, runSql } from "./api";
import { runSaved } from "./saved/api";
import { isDefinition } from "./saved/parameters";

/** Answers are large: those of statements that Back may bring are kept this long. */
const KEPT_MS = 60_000;

export type Run =
  | { readonly kind: "nothing" }
  | { readonly kind: "running"; readonly cancel: () => void }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly error: Error; readonly again: () => void }
  | { readonly kind: "found"; readonly found: Found; readonly asked: Asked };

/** The answer to a statement; "" asks nothing. What defines something is never run by an address. */
export function useRun(asked: Asked): { readonly run: Run; readonly again: () => void } {
  const client = useQueryClient();
  const queryKey = ["sql", asked.sql, asked.saved, asked.values];
  const isAsked = asked.sql !== "" && !isDefinition(asked.sql);
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => (asked.saved === "" ? runSql(asked.sql, signal) : runSaved(asked.saved, asked.values, signal)),
    enabled: isAsked,
    retry: false,
    staleTime: Infinity,
    gcTime: KEPT_MS,
    refetchOnMount: false,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  });
  const again = () => void query.refetch();
  const cancel = () => void client.cancelQueries({ queryKey });
  if (!isAsked) return { run: { kind: "nothing" }, again };
  if (query.isFetching) return { run: { kind: "running", cancel }, again };
  if (query.error) return { run: { kind: "failed", error: query.error, again }, again };
  if (query.data) return { run: { kind: "found", found: query.data, asked }, again };
  return { run: { kind: "stopped" }, again };
}
