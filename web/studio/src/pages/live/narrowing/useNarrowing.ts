import { useMemo } from "react";
import { changeQuery, useQueryValue, useQueryValues } from "../../../router/query";
import { type Filter, formatFilter, parseFilter, parseWho, toggled, type Who } from "./filters";

export type Narrowing = {
  readonly who: Who;
  readonly filters: readonly Filter[];
};

/** What the page is narrowed to, as the address says. */
export function useNarrowing(): Narrowing {
  const [who] = useQueryValue("who");
  const texts = useQueryValues("f");
  return useMemo(
    () => ({ who: parseWho(who), filters: texts.map(parseFilter).filter((filter) => filter !== null) }),
    [who, texts],
  );
}

export function chooseWho(who: Who): void {
  changeQuery({ who: who === "people" ? "" : who }, "push");
}

export function chooseFilters(filters: readonly Filter[]): void {
  changeQuery({ f: filters.map(formatFilter) }, "push");
}

/** A row of a panel was clicked: narrow to it, or no longer; a drawer with rows closes with it. */
export function pick(filters: readonly Filter[], picked: Filter): void {
  changeQuery({ f: toggled(filters, picked).map(formatFilter), list: "", search: "" }, "push");
}
