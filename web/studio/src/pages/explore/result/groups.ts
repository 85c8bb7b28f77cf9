import type { EventsRow } from "../../../api/generated";
import type { Answered } from "../api";

/** What every row says of its part of a broken-down answer. */
export type Grouped = { readonly scope: EventsRow["scope"]; readonly group: readonly (string | null)[] };

/** A part that can be drawn by itself; "" is everything together. */
export type GroupOption = { readonly value: string; readonly label: string };

const NONE = "(none)";

/** A row's group in words. */
export function groupText({ scope, group }: Grouped): string {
  if (scope === "all") return "all";
  return scope === "rest" ? "all others" : group.map((value) => value ?? NONE).join(" · ");
}

/** A row's group as an address has it; a value that is the text "rest" is no rest. */
export function groupKey({ scope, group }: Grouped): string {
  if (scope === "all") return "";
  return scope === "rest" ? "rest" : JSON.stringify(group);
}

/** Rows of the largest groups first, the rest last; an answer has its groups in any order. */
export function bySize<Row extends Grouped>(rows: readonly Row[], sizeOf: (row: Row) => number): readonly Row[] {
  return rows.toSorted(
    (left, right) => Number(left.scope === "rest") - Number(right.scope === "rest") || sizeOf(right) - sizeOf(left) || groupText(left).localeCompare(groupText(right)),
  );
}

/** Rows of one part. */
export function inGroup<Row extends Grouped>(rows: readonly Row[], key: string): readonly Row[] {
  return rows.filter((row) => groupKey(row) === key);
}

/** Parts that an answer is drawn by one at a time, everything first, the rest last; none where it has no groups or draws them all. */
export function groupOptions({ model, answer }: Answered): readonly GroupOption[] {
  if (answer.by.length === 0 || model === "events" || model === "compare") return [];
  const rows: readonly Grouped[] = model === "path" ? answer.nodes : answer.rows;
  const [groups, rest] = [rows.filter(({ scope }) => scope === "group"), rows.filter(({ scope }) => scope === "rest")];
  const found = new Map([...groups, ...rest].map((row) => [groupKey(row), groupText(row)]));
  return [{ value: "", label: model === "attribution" ? "All groups, side by side" : "All together" }, ...[...found].map(([value, label]) => ({ value, label }))];
}
