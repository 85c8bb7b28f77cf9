import { useQuery } from "@tanstack/react-query";
import type { Table } from "../../../api/generated";
import { readTables } from "../api";

export type TablesShown =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly error: Error; readonly retry: () => void }
  | { readonly kind: "tables"; readonly tables: readonly Table[] };

/** Columns change with a new version only. */
export function useTables(): TablesShown {
  const query = useQuery({ queryKey: ["tables"], queryFn: ({ signal }) => readTables(signal), staleTime: Infinity });
  if (query.data) return { kind: "tables", tables: query.data.tables };
  if (query.error) return { kind: "failed", error: query.error, retry: () => void query.refetch() };
  return { kind: "loading" };
}
