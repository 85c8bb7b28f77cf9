import { has } from "../../api/client";

/** What a column holds; each kind has its operators. */
export type Kind = "text" | "number" | "boolean" | "time" | "list" | "segment";

export type Field = {
  /** Of the column. */
  readonly name: string;
  /** For people. */
  readonly label: string;
  readonly kind: Kind;
  /** Values to choose from; without them they are typed. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  /** Where the server takes fewer than the kind has. */
  readonly operators?: readonly Operator[];
};

/** Operators in words, in the order they are offered. */
export const OPERATORS = {
  is: "is",
  is_not: "is not",
  in: "is one of",
  not_in: "is none of",
  contains: "contains",
  not_contains: "does not contain",
  starts_with: "starts with",
  gt: "is more than",
  gte: "is at least",
  lt: "is less than",
  lte: "is at most",
  between: "is between",
  is_set: "is set",
  is_not_set: "is not set",
} as const;

export type Operator = keyof typeof OPERATORS;

const SETS: readonly Operator[] = ["is_set", "is_not_set"];
const ORDER: readonly Operator[] = ["gt", "gte", "lt", "lte", "between"];

export const OPERATORS_OF: Readonly<Record<Kind, readonly Operator[]>> = {
  text: ["is", "is_not", "in", "not_in", "contains", "not_contains", "starts_with", ...SETS],
  number: ["is", "is_not", "in", "not_in", ...ORDER, ...SETS],
  boolean: ["is", "is_not", ...SETS],
  time: [...ORDER, ...SETS],
  list: ["contains", "not_contains", ...SETS],
  segment: ["is", "is_not", "in", "not_in"],
};

/** How often something was done is compared with one of these. */
export const TIMES_OPERATORS = ["gte", "lte", "is", "between"] as const satisfies readonly Operator[];

export function operatorsOf({ kind, operators }: Field): readonly Operator[] {
  return operators ?? OPERATORS_OF[kind];
}

/** One condition on a column. */
export type ColumnFilter = {
  readonly column: string;
  readonly operator: Operator;
  /** None for set and not set, several for one of and none of, else one. */
  readonly values: readonly string[];
};

/** Conditions of which all or any hold. */
export type FilterGroup = { readonly join: "all" | "any"; readonly parts: readonly FilterNode[] };

/** What a filter is made of, in every place that has one; several in a list are all meant. */
export type FilterNode = ColumnFilter | FilterGroup;

export function isGroup(node: FilterNode): node is FilterGroup {
  return "join" in node;
}

export function isOperator(text: string): text is Operator {
  return Object.hasOwn(OPERATORS, text);
}

export function takesNoValue(operator: Operator): boolean {
  return SETS.includes(operator);
}

export function takesMany(operator: Operator): boolean {
  return operator === "in" || operator === "not_in" || operator === "between";
}

/** `source:is:mail`, `source:is_set`, `source:in:["a","b"]`: as it stands in an address. */
export function formatColumnFilter({ column, operator, values }: ColumnFilter): string {
  if (takesNoValue(operator)) return `${column}:${operator}`;
  return `${column}:${operator}:${takesMany(operator) ? JSON.stringify(values) : (values[0] ?? "")}`;
}

/** Inverse of `formatColumnFilter`; null for anything else. */
export function parseColumnFilter(text: string): ColumnFilter | null {
  const [column = "", operator = "", ...rest] = text.split(":");
  if (!column || !isOperator(operator)) return null;
  if (takesNoValue(operator)) return rest.length === 0 ? { column, operator, values: [] } : null;
  if (rest.length === 0) return null;
  const value = rest.join(":");
  if (!takesMany(operator)) return { column, operator, values: [value] };
  const values = listIn(value);
  return values && { column, operator, values };
}

/** The same for groups, as in `{"any":["source:is:mail","source:is_not_set"]}`. */
export function formatNode(node: FilterNode): string {
  return isGroup(node) ? JSON.stringify({ [node.join]: node.parts.map(formatNode) }) : formatColumnFilter(node);
}

/** Inverse of `formatNode`; null for anything else. */
export function parseNode(text: string): FilterNode | null {
  return text.startsWith("{") ? groupIn(text) : parseColumnFilter(text);
}

function groupIn(text: string): FilterGroup | null {
  const found = parsed(text);
  for (const join of ["all", "any"] as const) {
    const texts = textsIn(has(found, join) ? found[join] : null);
    const parts = texts?.map(parseNode).filter((part) => part !== null);
    if (texts && parts && parts.length === texts.length && parts.length > 0) return { join, parts };
  }
  return null;
}

function listIn(text: string): readonly string[] | null {
  return textsIn(parsed(text));
}

function textsIn(found: unknown): readonly string[] | null {
  return Array.isArray(found) && found.every((value) => typeof value === "string") ? found : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
