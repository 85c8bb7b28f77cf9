import type { SqlColumn } from "../../../api/generated";
import { formatExact } from "../../../format/format";
import type { Cell } from "../api";

const NUMBERS = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;
const WIDTH_ROWS = 200;
const CHARS_MIN = 5;
const CHARS_MAX = 44;

export function isNumeric(column: SqlColumn): boolean {
  return NUMBERS.test(column.type);
}

/** A value as text; null has none. */
export function textOf(value: Cell): string | null {
  if (value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Characters of a value that are in the page; a file has all of them. */
export const SHOWN_CHARS_MAX = 2_000;

/** A value as the table has it: one of megabytes would stop the page, so its beginning and how long it is. */
export function shownText(value: Cell): string | null {
  const text = textOf(value);
  if (text === null || text.length <= SHOWN_CHARS_MAX) return text;
  return `${text.slice(0, SHOWN_CHARS_MAX)}… (${formatExact(text.length)} characters, all of them in the file)`;
}

/** Characters that each column is wide: as its first rows need, within bounds. */
export function widths(columns: readonly SqlColumn[], rows: readonly (readonly Cell[])[]): readonly number[] {
  return columns.map(({ name }, at) => {
    const texts = rows.slice(0, WIDTH_ROWS).map((row) => textOf(row[at] ?? null)?.length ?? 4);
    return Math.min(CHARS_MAX, Math.max(CHARS_MIN, name.length + 2, ...texts));
  });
}

export type Order = { readonly column: number; readonly isDescending: boolean };

/** The next order when a column's head is clicked: up, down, as it came. */
export function nextOrder(order: Order | null, column: number): Order | null {
  if (order?.column !== column) return { column, isDescending: false };
  return order.isDescending ? null : { column, isDescending: true };
}

function compared(left: Cell, right: Cell, asNumbers: boolean): number {
  if (asNumbers) return Number(left) - Number(right);
  const [a, b] = [textOf(left) ?? "", textOf(right) ?? ""];
  return a < b ? -1 : Number(a > b);
}

/** Rows in an order; what has no value is last both ways, and equal rows stay as they came. */
export function sorted(
  rows: readonly (readonly Cell[])[],
  columns: readonly SqlColumn[],
  order: Order | null,
): readonly (readonly Cell[])[] {
  const column = order ? columns[order.column] : undefined;
  if (!order || !column) return rows;
  const asNumbers = isNumeric(column);
  const sign = order.isDescending ? -1 : 1;
  return rows.toSorted((left, right) => {
    const [a, b] = [left[order.column] ?? null, right[order.column] ?? null];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * compared(a, b, asNumbers);
  });
}
