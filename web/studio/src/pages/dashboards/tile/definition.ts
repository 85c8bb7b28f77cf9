import type { FieldsQuery, FieldUse, Filter, Tile } from "../../../api/generated";
import { OPERATORS } from "../../../components/filters/filters";
import { parseAsked } from "../../explore/state/question";
import { wordsOf } from "../../explore/state/words";
import { rangeText } from "../view/range";

const MEASURES = {
  count: "count",
  distinct: "different values of",
  sum: "sum of",
  avg: "average of",
  median: "median of",
  min: "least",
  max: "greatest",
} as const;

/** What a tile shows, in words; "" where its link does not tell. */
export function definitionOf({ query }: Tile): string {
  if (!query) return "";
  switch (query.kind) {
    case "fields":
      return fieldsText(query);
    case "sql":
      return "The answer of a statement of its own.";
    case "saved":
      return `The answer of the saved query ${query.name}.`;
    case "report": {
      const { asked, isBroken } = parseAsked(query.model, JSON.stringify(query.question));
      if (isBroken) return `A report of the model ${query.model}.`;
      // Its range is the tile's, which is said beside it.
      const [words = ""] = wordsOf(asked).split(`. ${rangeText(asked.question.range ?? { last: 30 })}`);
      return `${words}.`;
    }
  }
}

function fieldsText({ table, x, y, colour, size, where }: FieldsQuery): string {
  const uses = [x, y, colour, size].filter((use) => use !== null && use !== undefined);
  const measures = uses.filter(({ measure }) => measure).map((use) => measureText(use, table));
  const groups = uses.filter(({ measure }) => !measure).map(groupText);
  const shown = measures.length > 0 ? measures.join(", ") : `count of rows of ${table}`;
  const by = groups.length > 0 ? `, by ${groups.join(" and ")}` : "";
  const only = where && where.length > 0 ? `, where ${where.map(filterText).join(" and ")}` : "";
  const text = `${shown}${by}${only}.`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function measureText({ column, measure }: FieldUse, table: string): string {
  if (!column) return `count of rows of ${table}`;
  return measure === "count" ? `count of rows of ${table} with ${column}` : `${MEASURES[measure ?? "count"]} ${column} of ${table}`;
}

function groupText({ column, unit }: FieldUse): string {
  return unit ? `${unit} of ${column ?? ""}` : (column ?? "");
}

export function filterText({ field, op = "is", value }: Filter): string {
  const said = Array.isArray(value) ? value.join(", ") : value === null || value === undefined ? "" : String(value);
  return `${field ?? ""} ${OPERATORS[op]} ${said}`.trim();
}
