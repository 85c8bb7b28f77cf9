import { useMemo } from "react";
import { changeQuery, useQueryValues } from "../../router/query";
import { type ColumnFilter, formatColumnFilter, parseColumnFilter } from "./filters";

/** The conditions that the address has as `f`, and what changes them; Back undoes the change. */
export function useColumnFilters(): readonly [readonly ColumnFilter[], (filters: readonly ColumnFilter[]) => void] {
  const texts = useQueryValues("f");
  const filters = useMemo(() => texts.map(parseColumnFilter).filter((filter) => filter !== null), [texts]);
  return [filters, chooseColumnFilters];
}

function chooseColumnFilters(filters: readonly ColumnFilter[]): void {
  changeQuery({ f: filters.map(formatColumnFilter), page: "" }, "push");
}
