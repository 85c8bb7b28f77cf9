import { type Field, type FilterNode, isGroup, OPERATORS } from "./filters";

/** What a column is called. */
export function labelOf(column: string, fields: readonly Field[]): string {
  return fields.find(({ name }) => name === column)?.label ?? column;
}

/** What stands for a value: the label where it is one of a few. */
export function valueLabel(column: string, value: string, fields: readonly Field[]): string {
  const choices = fields.find(({ name }) => name === column)?.choices;
  return choices?.find((one) => one.value === value)?.label ?? value;
}

/** A condition or a group in words, with the fields' labels. */
export function wordsOf(node: FilterNode, fields: readonly Field[] = []): string {
  if (isGroup(node)) {
    const parts = node.parts.map((part) => (isGroup(part) ? `(${wordsOf(part, fields)})` : wordsOf(part, fields)));
    return parts.join(node.join === "any" ? " or " : " and ");
  }
  const { column, operator, values } = node;
  return [labelOf(column, fields), OPERATORS[operator], values.map((value) => valueLabel(column, value, fields)).join(", ")].filter(Boolean).join(" ");
}
