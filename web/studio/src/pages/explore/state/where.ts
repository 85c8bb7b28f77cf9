import type { Filter } from "../../../api/generated";
import { type ColumnFilter, type Field, isOperator, takesMany } from "../../../components/filters/filters";

/** A question's filter as chips; null where it is nested in a way that chips do not show. */
export function conditionsOf(where: Filter | null | undefined): readonly ColumnFilter[] | null {
  if (!where) return [];
  if (where.any) return null;
  if (where.all) {
    const parts = where.all.map(conditionsOf);
    return parts.some((part) => part === null || part.length !== 1) ? null : parts.flatMap((part) => part ?? []);
  }
  if (!where.field || !isOperator(where.op ?? "is")) return null;
  const operator = isOperator(where.op ?? "is") ? (where.op ?? "is") : "is";
  const { value } = where;
  const values = value === null || value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)];
  return [{ column: where.field, operator, values }];
}

/** Chips as a question's filter; values get the kind that their field has. */
export function whereOf(filters: readonly ColumnFilter[], fields: readonly Field[]): Filter | null {
  const [first, ...others] = filters.map((filter) => filterOf(filter, fields));
  if (!first) return null;
  return others.length === 0 ? first : { all: [first, ...others] };
}

const ORDER = new Set<string>(["gt", "gte", "lt", "lte", "between"]);

function filterOf({ column, operator, values }: ColumnFilter, fields: readonly Field[]): Filter {
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
