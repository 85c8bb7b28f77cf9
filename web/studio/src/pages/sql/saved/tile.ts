import type { SavedQuery, SqlAnswerShape, Tile } from "../../../api/generated";
import type { ChartKind } from "../../../charts/draw/draw";
import type { Asked } from "../api";
import { firstChoice } from "../results/chart";
import { dollared, isDefinition, parametersIn, RANGE_NAMES } from "./parameters";

export type SqlTile = { readonly query: NonNullable<Tile["query"]>; readonly chart: ChartKind; readonly title: string; readonly note: string };

/** The statement as a tile of a dashboard; null where it cannot be one as it stands. */
export function tileOf(draft: string, saved: SavedQuery | null, asked: Asked, answer: SqlAnswerShape | null): SqlTile | null {
  const sql = draft.trim().replace(/;$/, "").trimEnd();
  if (sql === "" || isDefinition(sql)) return null;
  const chart = chartOf(asked.sql.trim() === draft.trim() ? answer : null);
  const parameters = parametersIn(sql);
  const isWithin = parameters.some((name) => name === "from" || name === "to");
  const note = isWithin ? "The dashboard's time range counts for it." : "It names neither $from nor $to, so the dashboard's time range does not narrow it.";
  if (saved) return { query: { kind: "saved", name: saved.name, parameters: valuesOf(saved, asked) }, chart, title: saved.description || saved.name, note };
  if (parameters.some((name) => !RANGE_NAMES.has(name))) return null;
  return { query: { kind: "sql", sql: dollared(sql) }, chart, title: "", note };
}

/** Values that were given and are not the range's. */
function valuesOf(saved: SavedQuery, asked: Asked): Readonly<Record<string, string>> {
  const given = asked.saved === saved.name ? asked.values : {};
  return Object.fromEntries(Object.entries(given).filter(([name, value]) => !RANGE_NAMES.has(name) && value !== ""));
}

/** What the answer is drawn as at first. */
function chartOf(answer: SqlAnswerShape | null): ChartKind {
  if (!answer) return "table";
  if (answer.rows.length === 1 && answer.columns.length === 1) return "number";
  return firstChoice(answer)?.kind ?? "table";
}
