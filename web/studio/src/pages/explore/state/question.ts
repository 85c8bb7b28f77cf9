import { has } from "../../../api/client";
import type {
  AttributionQuestion,
  CompareQuestion,
  EventsQuestion,
  FunnelQuestion,
  LifecycleQuestion,
  PathQuestion,
  RetentionQuestion,
  Selector,
} from "../../../api/generated";

/** A model and its question, exactly as `POST /api/explore/{model}` takes it. */
export type Asked =
  | { readonly model: "events"; readonly question: EventsQuestion }
  | { readonly model: "funnel"; readonly question: FunnelQuestion }
  | { readonly model: "path"; readonly question: PathQuestion }
  | { readonly model: "retention"; readonly question: RetentionQuestion }
  | { readonly model: "lifecycle"; readonly question: LifecycleQuestion }
  | { readonly model: "attribution"; readonly question: AttributionQuestion }
  | { readonly model: "compare"; readonly question: CompareQuestion };

export type Model = Asked["model"];

/** What every question has. */
export type Common = Pick<LifecycleQuestion, "app" | "bots" | "by" | "compare" | "range" | "top" | "week_start" | "where" | "zone">;

export const MODELS: readonly { readonly model: Model; readonly label: string }[] = [
  { model: "events", label: "Events" },
  { model: "funnel", label: "Funnel" },
  { model: "path", label: "Path" },
  { model: "retention", label: "Retention" },
  { model: "lifecycle", label: "Life cycle" },
  { model: "attribution", label: "Attribution" },
  { model: "compare", label: "Compare" },
];

const RANGE = { last: 28, unit: "day" } as const;

/** What a model's tab shows first; some of it is still to be chosen. */
export function firstOf(model: Model, common: Common = {}): Asked {
  const shared = { range: RANGE, ...common };
  switch (model) {
    case "events":
      return { model, question: { ...shared, series: [{ measure: "visitors" }] } };
    case "funnel":
      return { model, question: { ...shared, steps: [{ event: "page_view" }, {}] } };
    case "path":
      return { model, question: { ...shared, nodes: "pages" } };
    case "retention":
      return { model, question: { ...shared } };
    case "lifecycle":
      return { model, question: { ...shared } };
    case "attribution":
      return { model, question: { ...shared, goal: {}, field: "source" } };
    case "compare":
      // Variants are compared with one another only.
      return { model, question: { ...shared, compare: "none", variant: "", goal: {} } };
  }
}

/** The question of an address, and whether it could be read. */
export function parseAsked(model: string, text: string): { readonly asked: Asked; readonly isBroken: boolean } {
  const known = MODELS.find((one) => one.model === model)?.model ?? "events";
  if (!text) return { asked: firstOf(known), isBroken: model !== "" && model !== known };
  const found = askedOf(known, parsed(text));
  return { asked: found ?? firstOf(known), isBroken: found === null };
}

/** What an address says of a question. */
export function formatAsked({ model, question }: Asked): { readonly model: string; readonly q: string } {
  return { model, q: JSON.stringify(question) };
}

function askedOf(model: Model, value: unknown): Asked | null {
  if (!isCommon(value)) return null;
  switch (model) {
    case "events":
      return isEvents(value) ? { model, question: value } : null;
    case "funnel":
      return isFunnel(value) ? { model, question: value } : null;
    case "path":
      return isPath(value) ? { model, question: value } : null;
    case "retention":
      return isRetention(value) ? { model, question: value } : null;
    case "lifecycle":
      return isLifecycle(value) ? { model, question: value } : null;
    case "attribution":
      return isAttribution(value) ? { model, question: value } : null;
    case "compare":
      return isCompare(value) ? { model, question: value } : null;
  }
}

/** The question as of the moment that an answer's segments were of, so that its cells open to those that it counted. */
export function pinnedTo<One extends Asked>(asked: One, at: string | null | undefined): One {
  return at ? { ...asked, question: { ...asked.question, segments_at: at } } : asked;
}

/** The same options for another model; how many groups are shown is not, as `top` is something else of a path. */
export function commonOf({ app, bots, by, compare, range, week_start, where, zone }: Common): Common {
  return JSON.parse(JSON.stringify({ app, bots, by, compare, range, week_start, where, zone }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// What the page itself touches must have its shape; all else is the server's to judge, which says it better.
function isSelector(value: unknown): value is Selector {
  return has(value) && isObjectOrNone(value["where"]) && (isTextOrNone(value["event"]) || isTexts(value["event"]));
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string";
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isObjectOrNone(value: unknown): boolean {
  return value === undefined || value === null || has(value);
}

function isSelectors(value: unknown, least: number): boolean {
  return Array.isArray(value) && value.length >= least && value.every(isSelector);
}

function isSelectorOrNone(value: unknown): boolean {
  return value === undefined || isSelector(value);
}

function isCommon(value: unknown): value is Common & Record<string, unknown> {
  return (
    has(value) &&
    !Array.isArray(value) &&
    (value["by"] === undefined || isTexts(value["by"])) &&
    (value["range"] === undefined || has(value["range"])) &&
    isObjectOrNone(value["where"]) &&
    [value["app"], value["bots"], value["zone"]].every(isTextOrNone)
  );
}

function isEvents(value: Common & Record<string, unknown>): value is EventsQuestion & Record<string, unknown> {
  return isSelectors(value["series"], 1) && (value["formulas"] === undefined || isTexts(value["formulas"]));
}

function isFunnel(value: Common & Record<string, unknown>): value is FunnelQuestion & Record<string, unknown> {
  return isSelectors(value["steps"], 1) && (value["exclude"] === undefined || isSelectors(value["exclude"], 0));
}

function isPath(value: Common & Record<string, unknown>): value is PathQuestion & Record<string, unknown> {
  const rules = value["rules"];
  return isTextOrNone(value["node"]) && isSelectorOrNone(value["events"]) && (rules === undefined || (Array.isArray(rules) && rules.every((rule) => has(rule, "match"))));
}

function isRetention(value: Common & Record<string, unknown>): value is RetentionQuestion & Record<string, unknown> {
  return isSelectorOrNone(value["start"]) && isSelectorOrNone(value["back"]);
}

function isLifecycle(value: Common & Record<string, unknown>): value is LifecycleQuestion & Record<string, unknown> {
  return isSelectorOrNone(value["active"]);
}

function isAttribution(value: Common & Record<string, unknown>): value is AttributionQuestion & Record<string, unknown> {
  return isSelector(value["goal"]) && (value["touches"] === undefined || isSelectors(value["touches"], 0)) && isTextOrNone(value["field"]);
}

function isCompare(value: Common & Record<string, unknown>): value is CompareQuestion & Record<string, unknown> {
  return isSelector(value["goal"]) && typeof value["variant"] === "string" && isSelectorOrNone(value["exposure"]);
}
