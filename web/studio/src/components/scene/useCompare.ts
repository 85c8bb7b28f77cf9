import { changeQuery, useQueryValue } from "../../router/query";
import { type Compare, isCompare } from "./scene";

/** What the address says numbers are compared with; nothing where it says nothing. */
export function useCompare(): Compare {
  const [text] = useQueryValue("compare");
  return isCompare(text) ? text : "none";
}

export function setCompare(compare: Compare): void {
  changeQuery({ compare: compare === "none" ? "" : compare }, "push");
}
