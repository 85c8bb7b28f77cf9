import { useMemo } from "react";
import { changeQuery, useQueryValue } from "../../router/query";
import { parseRange, type Range, rangeQuery } from "./range";

/** The range that the address names, and what changes it; Back undoes the change. */
export function useRange(): readonly [Range, (range: Range) => void] {
  const [last] = useQueryValue("last");
  const [since] = useQueryValue("since");
  const [until] = useQueryValue("until");
  const range = useMemo(() => parseRange(last, since, until), [last, since, until]);
  return [range, chooseRange];
}

function chooseRange(range: Range): void {
  changeQuery({ ...rangeQuery(range), page: "" }, "push");
}
