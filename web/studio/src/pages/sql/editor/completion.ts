import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { Table } from "../../../api/generated";
import { parametersIn } from "../saved/parameters";

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

/** Functions that a statement may call, after two letters: there are hundreds. */
export function functionSource(functions: readonly string[]): (context: CompletionContext) => CompletionResult | null {
  const options = functions.map((name) => ({ label: name, type: "function", apply: `${name}(`, boost: -1 }));
  return (context) => {
    const word = context.matchBefore(/\w+/);
    if (!word || (word.text.length < 2 && !context.explicit)) return null;
    if (/[.$:]/.test(context.state.sliceDoc(word.from - 1, word.from))) return null;
    return { from: word.from, options, validFor: /^\w*$/ };
  };
}

/** Parameters: those that the statement has already, and those that a dashboard gives. */
export function parameterSource(context: CompletionContext): CompletionResult | null {
  const word = context.matchBefore(/[$:]\w*/);
  if (!word || context.state.sliceDoc(word.from - 1, word.from) === ":") return null;
  const text = context.state.doc.toString();
  const others = parametersIn(text.slice(0, word.from) + text.slice(word.to));
  const names = [...new Set([...others, ...GIVEN.keys()])];
  const mark = word.text.charAt(0);
  return { from: word.from, options: names.map((name) => ({ label: `${mark}${name}`, type: "variable", detail: GIVEN.get(name) ?? "" })), validFor: /^[$:]\w*$/ };
}

const GIVEN: ReadonlyMap<string, string> = new Map([
  ["from", "start of a dashboard's range"],
  ["to", "end of a dashboard's range"],
  ["zone", "a dashboard's time zone"],
]);
