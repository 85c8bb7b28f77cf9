import { useQuery } from "@tanstack/react-query";
import { has, read, type Shape } from "../../api/client";
import type {
  AttributionAnswer,
  CompareAnswer,
  EventsAnswer,
  FunnelAnswer,
  LifecycleAnswer,
  Members,
  PathAnswer,
  RetentionAnswer,
  SqlAnswerShape,
} from "../../api/generated";
import type { Asked } from "./state/question";

/** An answer with its model. */
export type Answered =
  | { readonly model: "events"; readonly answer: EventsAnswer }
  | { readonly model: "funnel"; readonly answer: FunnelAnswer }
  | { readonly model: "path"; readonly answer: PathAnswer }
  | { readonly model: "retention"; readonly answer: RetentionAnswer }
  | { readonly model: "lifecycle"; readonly answer: LifecycleAnswer }
  | { readonly model: "attribution"; readonly answer: AttributionAnswer }
  | { readonly model: "compare"; readonly answer: CompareAnswer };

export const isEventsAnswer: Shape<EventsAnswer> = (value): value is EventsAnswer => has(value, "buckets", "rows", "sql");
const isFunnel: Shape<FunnelAnswer> = (value): value is FunnelAnswer => has(value, "rows", "times", "speeds");
const isPath: Shape<PathAnswer> = (value): value is PathAnswer => has(value, "rows", "nodes");
const isRetention: Shape<RetentionAnswer> = (value): value is RetentionAnswer => has(value, "rows", "cohorts");
const isLifecycle: Shape<LifecycleAnswer> = (value): value is LifecycleAnswer => has(value, "rows", "units", "stickiness");
const isAttribution: Shape<AttributionAnswer> = (value): value is AttributionAnswer => has(value, "rows", "conversions");
const isCompare: Shape<CompareAnswer> = (value): value is CompareAnswer => has(value, "rows", "verdict");
const isMembers: Shape<Members> = (value): value is Members => has(value, "kind", "members");
const isSql: Shape<SqlAnswerShape> = (value): value is SqlAnswerShape => has(value, "columns", "rows");

export async function answerOf({ model, question }: Asked, signal?: AbortSignal): Promise<Answered> {
  const path = `/api/explore/${model}`;
  const asking = { signal, body: question };
  switch (model) {
    case "events":
      return { model, answer: await read(path, isEventsAnswer, asking) };
    case "funnel":
      return { model, answer: await read(path, isFunnel, asking) };
    case "path":
      return { model, answer: await read(path, isPath, asking) };
    case "retention":
      return { model, answer: await read(path, isRetention, asking) };
    case "lifecycle":
      return { model, answer: await read(path, isLifecycle, asking) };
    case "attribution":
      return { model, answer: await read(path, isAttribution, asking) };
    case "compare":
      return { model, answer: await read(path, isCompare, asking) };
  }
}

/** One page of those that a cell counted. */
export function membersOf({ model, question }: Asked, cell: string, after: string | null, limit: number, signal?: AbortSignal): Promise<Members> {
  return read(`/api/explore/${model}/members`, isMembers, { signal, body: { question, cell, after, limit } });
}

const NAMES_SQL = "SELECT event_name, count(*) AS n FROM events GROUP BY ALL ORDER BY n DESC, event_name LIMIT 500";
const KEPT_MS = 300_000;

/** Names of events that the project has, those of most events first. */
export function useEventNames(): readonly string[] {
  const { data } = useQuery({
    queryKey: ["explore", "names"],
    queryFn: ({ signal }) => read("/api/sql", isSql, { signal, body: { sql: NAMES_SQL } }),
    staleTime: KEPT_MS,
    retry: false,
  });
  return (data?.rows ?? []).map(([name]) => String(name));
}
