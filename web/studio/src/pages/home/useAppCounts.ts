import { useQuery } from "@tanstack/react-query";
import { has, read, type Shape } from "../../api/client";
import type { SqlAnswerShape } from "../../api/generated";

export type AppCount = { readonly events: number; readonly visitors: number; readonly last: string };

const DAY_MS = 86_400_000;
const RENEW_MS = 10_000;
const SQL = `SELECT app_id, count(*) AS events, count(DISTINCT visitor_id) AS visitors, max(received_at) AS last
FROM events WHERE event_time >= CAST(? AS TIMESTAMPTZ) GROUP BY app_id`;

const isAnswer: Shape<SqlAnswerShape> = (value): value is SqlAnswerShape => has(value, "columns", "rows");

/** What each app sent in the last 24 hours, by its id; null until it is known. */
export function useAppCounts(): ReadonlyMap<string, AppCount> | null {
  const query = useQuery({
    queryKey: ["home", "counts"],
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - DAY_MS).toISOString();
      return read("/api/sql", isAnswer, { signal, body: { sql: SQL, params: [since] } });
    },
    refetchInterval: RENEW_MS,
    retry: false,
  });
  if (!query.data) return null;
  return new Map(query.data.rows.map(([id, events, visitors, last]) => [String(id), { events: Number(events), visitors: Number(visitors), last: String(last) }]));
}
