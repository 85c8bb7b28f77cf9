import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { Table } from "../../../api/generated";

/** Columns by table, as the SQL language of the editor completes them after `events.` or an alias. */
export function schemaOf(tables: readonly Table[]): Record<string, readonly Completion[]> {
  return Object.fromEntries(tables.map(({ name, columns }) => [name, columns.map(optionOf)]));
}

function optionOf({ name, type, meaning }: Table["columns"][number]): Completion {
  const info = meaning === "" ? {} : { info: meaning };
  return { label: name, type: "property", detail: type.toLowerCase(), ...info };
}

/** Columns of the tables that a statement names, each name once; of all tables while it names none. */
export function columnOptions(tables: readonly Table[], statement: string): readonly Completion[] {
  const words = new Set(statement.toLowerCase().match(/\w+/g));
  const named = tables.filter(({ name }) => words.has(name));
  const columns = (named.length > 0 ? named : tables).flatMap((table) => table.columns);
  return [...new Map(columns.map((column) => [column.name, optionOf(column)])).values()];
}

/** Completes columns where no table stands before them. */
export function columnSource(tables: readonly Table[]): (context: CompletionContext) => CompletionResult | null {
  return (context) => {
    const word = context.matchBefore(/\w+/);
    if (!word && !context.explicit) return null;
    const from = word?.from ?? context.pos;
    if (context.state.sliceDoc(from - 1, from) === ".") return null;
    return { from, options: [...columnOptions(tables, context.state.doc.toString())], validFor: /^\w*$/ };
  };
}
