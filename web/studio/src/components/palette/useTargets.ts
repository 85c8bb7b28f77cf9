import { useQuery } from "@tanstack/react-query";
import { has, read, type Shape } from "../../api/client";
import type { DashboardsListed, SavedReports, SqlAnswerShape } from "../../api/generated";
import { FIRST_PAGE, PAGES } from "../../router/pages";
import type { Target } from "./found";

const KEPT_MS = 60_000;
const NAMES_MAX = 200;
const NAMES = `SELECT event_name, count(*) AS n FROM events WHERE event_time >= now() - INTERVAL 30 DAY GROUP BY 1 ORDER BY n DESC, 1 LIMIT ${NAMES_MAX}`;

const isListed: Shape<DashboardsListed> = (value): value is DashboardsListed => has(value, "dashboards");
const isReports: Shape<SavedReports> = (value): value is SavedReports => has(value, "reports");
const isAnswer: Shape<SqlAnswerShape> = (value): value is SqlAnswerShape => has(value, "columns", "rows");

/** Everything that can be gone to: pages at once, the others as they come. */
export function useTargets(): readonly Target[] {
  const options = { staleTime: KEPT_MS, retry: false };
  const dashboards = useQuery({ queryKey: ["dashboards"], queryFn: ({ signal }) => read("/api/dashboards", isListed, { signal }), ...options }).data?.dashboards ?? [];
  const reports = useQuery({ queryKey: ["palette", "reports"], queryFn: ({ signal }) => read("/api/reports", isReports, { signal }), ...options }).data?.reports ?? [];
  const names = useQuery({ queryKey: ["palette", "events"], queryFn: ({ signal }) => read("/api/sql", isAnswer, { signal, body: { sql: NAMES } }), ...options }).data?.rows ?? [];
  return [
    ...[FIRST_PAGE, ...PAGES].map(({ path, title }) => ({ kind: "Page" as const, title, to: path })),
    ...dashboards.map(({ name, title }) => ({ kind: "Dashboard" as const, title: title || name, to: `/dashboards?${new URLSearchParams({ name }).toString()}` })),
    ...reports.map(({ title, model, question }) => ({ kind: "Report" as const, title, to: asked(model, question) })),
    ...names.map(([name]) => ({ kind: "Event" as const, title: String(name), to: asked("events", { series: [{ event: String(name) }] }) })),
  ];
}

function asked(model: string, question: unknown): string {
  return `/explore?${new URLSearchParams({ model, q: JSON.stringify(question) }).toString()}`;
}
