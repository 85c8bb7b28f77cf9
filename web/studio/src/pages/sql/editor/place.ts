/** A place of a text that is wrong, and why. */
export type Fault = { readonly from: number; readonly to: number; readonly text: string };

const PLACE = /: (?:position=(\d+)|line=(\d+) column=(\d+))$/;
const WORD = /^(?:\w+|"(?:[^"]|"")*"|'(?:[^']|'')*'|\S)/;

/** Where the editor's text is wrong, of what the server said of a statement in it; null where it does not say. */
export function faultIn(said: string, statement: string, text: string): Fault | null {
  const found = PLACE.exec(said);
  const start = text.indexOf(statement);
  if (!found || start < 0) return null;
  const [, position, line, column] = found;
  const at = position ? Number(position) - 1 : offsetOf(statement, Number(line), Number(column));
  const from = start + Math.min(Math.max(0, at), Math.max(0, statement.length - 1));
  const word = WORD.exec(text.slice(from))?.[0] ?? text.slice(from, from + 1);
  return { from, to: from + Math.max(1, word.length), text: said.replace(PLACE, "") };
}

/** Lines and columns are counted from 1. */
function offsetOf(statement: string, line: number, column: number): number {
  const before = statement.split("\n").slice(0, line - 1);
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
}
