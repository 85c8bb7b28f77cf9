import type { QueryParameter } from "../../../api/generated";

/** Text in quotes, comments and casts are no parameters; `:name` and `$name` are. As the server finds them. */
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[^]*?\*\/|::|(?<![\w$:])[:$]([A-Za-z_]\w*)/g;

export function parametersIn(sql: string): readonly string[] {
  const names = [...sql.matchAll(TOKENS)].flatMap((match) => (match[1] ? [match[1]] : []));
  return [...new Set(names)];
}

/** Ends of a dashboard's range and its time zone, which it gives to every tile whose statement has them. */
export const RANGE_NAMES: ReadonlySet<string> = new Set(["from", "to", "zone"]);

/** The same statement with `$name` for `:name`, which is all that a tile's own SQL knows. */
export function dollared(sql: string): string {
  return sql.replaceAll(TOKENS, (found, name: string | undefined) => (name ? `$${name}` : found));
}

export const PARAMETER_TYPES = ["text", "integer", "number", "boolean", "date", "timestamp"] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

export function isParameterType(text: string | null): text is ParameterType {
  return PARAMETER_TYPES.some((type) => type === text);
}

/** What stands in a field before anybody wrote in it. */
export function firstValue(parameter: QueryParameter, given: Readonly<Record<string, string>>): string {
  return given[parameter.name] ?? defaultText(parameter);
}

/** A default as it is written: those of a list between commas. */
function defaultText({ default: value }: QueryParameter): string {
  if (value === null || value === undefined) {
    return "";
  }
  return Array.isArray(value) ? value.map((each) => inList(String(each))).join(", ") : String(value);
}

function inList(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Words with which a statement makes or removes something, so that no address may run it by itself. */
const DEFINING = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*(create|drop|msck|alter)\b/i;

export function isDefinition(sql: string): boolean {
  return DEFINING.test(sql);
}
