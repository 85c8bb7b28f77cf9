import { useMemo } from "react";
import { changeQuery, useQueryValues } from "../../router/query";
import { type ColumnFilter, type FilterNode, formatNode, isGroup, parseNode } from "./filters";

/** The conditions that the address has as `f`, groups too, and what changes them; Back undoes the change. */
export function useFilters(): readonly [readonly FilterNode[], (filters: readonly FilterNode[]) => void] {
  const texts = useQueryValues("f");
  const filters = useMemo(() => texts.map(parseNode).filter((filter) => filter !== null), [texts]);
  return [filters, chooseFilters];
}

/** The same where the server takes no groups. */
export function useColumnFilters(): readonly [readonly ColumnFilter[], (filters: readonly FilterNode[]) => void] {
  const [filters, choose] = useFilters();
  return [useMemo(() => filters.flatMap((filter) => (isGroup(filter) ? [] : filter)), [filters]), choose];
}

function chooseFilters(filters: readonly FilterNode[]): void {
  changeQuery({ f: filters.map(formatNode), page: "" }, "push");
}
