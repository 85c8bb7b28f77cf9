import type { Filter } from "../../api/generated";
import { type ColumnFilter, type Field, type FilterNode, isGroup, isOperator, takesMany } from "./filters";

/** A question's filter as conditions that all hold. */
export function nodesOf(where: Filter | null | undefined): readonly FilterNode[] {
  if (!where) return [];
  return where.all && !where.any ? where.all.map(nodeOf) : [nodeOf(where)];
}

/** One condition or group of the API. */
export function nodeOf(where: Filter): FilterNode {
  if (where.all) return { join: "all", parts: where.all.map(nodeOf) };
  if (where.any) return { join: "any", parts: where.any.map(nodeOf) };
  const { field, op = "is", value } = where;
  const values = value === null || value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)];
  return { column: field ?? "", operator: isOperator(op) ? op : "is", values };
}

/** Conditions that all hold as a question's filter; values get the kind that their field has. */
export function whereOf(filters: readonly FilterNode[], fields: readonly Field[]): Filter | null {
  const [first, ...others] = filters.map((filter) => filterOf(filter, fields));
  if (!first) return null;
  return others.length === 0 ? first : { all: [first, ...others] };
}

const ORDER = new Set<string>(["gt", "gte", "lt", "lte", "between"]);

/** Inverse of `nodeOf`. Without fields texts stay texts, for a server that knows the kinds. */
export function filterOf(node: FilterNode, fields: readonly Field[]): Filter {
  return isGroup(node) ? { [node.join]: node.parts.map((part) => filterOf(part, fields)) } : conditionOf(node, fields);
}

function conditionOf({ column, operator, values }: ColumnFilter, fields: readonly Field[]): Filter {
  const kind = fields.find(({ name }) => name === column)?.kind ?? "text";
  const isNumber = kind === "number" || (ORDER.has(operator) && kind !== "time");
  const typed = values.map((value) => (isNumber ? numberOf(value) : kind === "boolean" ? value === "true" : value));
  if (typed.length === 0) return { field: column, op: operator };
  return { field: column, op: operator, value: takesMany(operator) ? typed : (typed[0] ?? "") };
}

/** A number where it is one; else the text, and the server says what is wrong with it. */
function numberOf(value: string): number | string {
  return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}
