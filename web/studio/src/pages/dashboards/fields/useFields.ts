import { useQuery } from "@tanstack/react-query";
import { has, read, type Shape } from "../../../api/client";
import type { SqlAnswerShape, Tables } from "../../../api/generated";

import type { Field, Kind } from "../../../components/filters/filters";
import { useSegmentField } from "../../segments/useSegmentField";

export type FieldInfo = { readonly name: string; readonly type: string; readonly meaning: string };

const isTables: Shape<Tables> = (value): value is Tables => has(value, "tables");
const isAnswer: Shape<SqlAnswerShape> = (value): value is SqlAnswerShape => has(value, "columns", "rows");

/** Properties that the newest events have, those of most events first. */
const PROPERTIES_SQL = `SELECT name, count(*) AS n
FROM (SELECT unnest(json_keys(properties)) AS name
      FROM (SELECT properties FROM events WHERE properties IS NOT NULL LIMIT 5000))
GROUP BY ALL ORDER BY n DESC, name LIMIT 100`;

const KEPT_MS = 300_000;

/** Tables and views with their columns; null until they are known. */
export function useTables(isWanted = true): Tables | null {
  return (
    useQuery({
      queryKey: ["dashboards", "tables"],
      queryFn: ({ signal }) => read("/api/sql/tables", isTables, { signal }),
      staleTime: KEPT_MS,
      enabled: isWanted,
    }).data ?? null
  );
}

/** What a tile of a table may show: its columns, and for events the properties that were sent. */
export function useFields(table: string, isWanted = true): readonly FieldInfo[] {
  const tables = useTables(isWanted);
  const sent = useQuery({
    queryKey: ["dashboards", "properties"],
    queryFn: ({ signal }) => read("/api/sql", isAnswer, { signal, body: { sql: PROPERTIES_SQL } }),
    staleTime: KEPT_MS,
    enabled: isWanted && table === "events",
    retry: false,
  }).data;
  const columns = tables?.tables.find(({ name }) => name === table)?.columns ?? [];
  const properties = table === "events" ? (sent?.rows ?? []).map(([name]) => `properties.${String(name)}`) : [];
  return [...columns, ...properties.map((name) => ({ name, type: "VARCHAR", meaning: "A property that was sent." }))];
}

const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/\[\]$/, "list"],
  [/^BOOLEAN/, "boolean"],
  [/^TIMESTAMP/, "time"],
  [/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/, "number"],
];

/** The fields that filters of a dashboard may name: those of events. */
export function useFilterFields(isWanted = true): readonly Field[] {
  const fields = useFields("events", isWanted);
  const segment = useSegmentField();
  const own = fields.map(({ name, type }) => ({ name, label: name, kind: KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? ("text" as const) }));
  return segment ? [...own, segment] : own;
}
