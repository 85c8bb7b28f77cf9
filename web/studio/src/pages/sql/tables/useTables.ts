import { useQuery } from "@tanstack/react-query";
import type { Table } from "../../../api/generated";
import { readTables } from "../api";

export type TablesShown =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly error: Error; readonly retry: () => void }
  | { readonly kind: "tables"; readonly tables: readonly Table[] };

export const TABLES_KEY = ["tables"];

/** Columns change with a new version, a crawl or a view: whoever makes one says so. */
export function useTables(): TablesShown {
  const query = useQuery({ queryKey: TABLES_KEY, queryFn: ({ signal }) => readTables(signal), staleTime: Infinity });
  if (query.data) return { kind: "tables", tables: query.data.tables };
  if (query.error) return { kind: "failed", error: query.error, retry: () => void query.refetch() };
  return { kind: "loading" };
}
