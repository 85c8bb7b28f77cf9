import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type Found, runSql } from "./api";

/** Answers are large: those of statements that Back may bring are kept this long. */
const KEPT_MS = 60_000;

export type Run =
  | { readonly kind: "nothing" }
  | { readonly kind: "running"; readonly cancel: () => void }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly error: Error; readonly again: () => void }
  | { readonly kind: "found"; readonly found: Found; readonly asked: string };

/** The answer to a statement; "" asks nothing. */
export function useRun(asked: string): { readonly run: Run; readonly again: () => void } {
  const client = useQueryClient();
  const queryKey = ["sql", asked];
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) => runSql(asked, signal),
    enabled: asked !== "",
    retry: false,
    staleTime: Infinity,
    gcTime: KEPT_MS,
    refetchOnMount: false,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  });
  const again = () => void query.refetch();
  const cancel = () => void client.cancelQueries({ queryKey });
  if (asked === "") return { run: { kind: "nothing" }, again };
  if (query.isFetching) return { run: { kind: "running", cancel }, again };
  if (query.error) return { run: { kind: "failed", error: query.error, again }, again };
  if (query.data) return { run: { kind: "found", found: query.data, asked }, again };
  return { run: { kind: "stopped" }, again };
}
