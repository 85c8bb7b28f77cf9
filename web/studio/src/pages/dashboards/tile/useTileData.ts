import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Tile, TileDataShape } from "../../../api/generated";
import type { TileSource } from "./source";

const KEPT_MS = 60_000;

export type TileState =
  | { readonly kind: "loading"; readonly cancel: () => void }
  | { readonly kind: "stopped"; readonly again: () => void }
  | { readonly kind: "failed"; readonly error: Error; readonly again: () => void }
  | { readonly kind: "data"; readonly data: TileDataShape; readonly error: Error | null };

/** What a tile shows; the last answer stays until the next one is there, so nothing flickers. */
export function useTileData(tile: Tile, source: TileSource): TileState {
  const { mark } = source;
  const client = useQueryClient();
  const queryKey = ["tile", tile.chart, tile.query ?? tile.id, tile.options ?? null, tile.range ?? null, ...source.key];
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => ({ data: await source.read(tile, signal), mark }),
    placeholderData: keepPreviousData,
    enabled: tile.chart !== "text",
    gcTime: KEPT_MS,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const { isFetching, refetch } = query;
  const seen = query.data?.mark ?? null;
  const hasFailed = query.isError;
  useEffect(() => {
    // A slow answer is waited for, not begun anew with each cut; what came meanwhile is asked for after it.
    if (!isFetching && !hasFailed && seen !== null && seen !== mark) void refetch();
  }, [isFetching, hasFailed, seen, mark, refetch]);
  if (query.data) return { kind: "data", data: query.data.data, error: query.error };
  const again = () => void refetch();
  if (query.error) return { kind: "failed", error: query.error, again };
  if (!isFetching) return { kind: "stopped", again };
  return { kind: "loading", cancel: () => void client.cancelQueries({ queryKey, exact: true }) };
}
