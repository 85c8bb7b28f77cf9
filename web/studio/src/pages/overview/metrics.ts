import type { EventsQuestion, Series } from "../../api/generated";

/** How a number is written, and whether more of it is good. */
export type Metric = { readonly id: string; readonly label: string; readonly meaning: string; readonly kind: "count" | "ratio" | "percent" | "seconds"; readonly isMoreBetter: boolean };

const VIEWS = ["page_view", "screen_view"];

type Definition = Metric & { readonly series?: Series; readonly formula?: string };

/** Series are called A, B, … in this order by the formulas. */
const DEFINITIONS: readonly Definition[] = [
  { id: "visitors", label: "Visitors", meaning: "Different visitors with any event", kind: "count", isMoreBetter: true, series: { label: "Visitors", measure: "visitors" } },
  { id: "sessions", label: "Sessions", meaning: "Different sessions with any event", kind: "count", isMoreBetter: true, series: { label: "Sessions", measure: "sessions" } },
  { id: "views", label: "Views", meaning: "Page and screen views", kind: "count", isMoreBetter: true, series: { label: "Views", event: VIEWS, measure: "events" } },
  { id: "bounced", label: "Bounced sessions", meaning: "", kind: "count", isMoreBetter: false, series: { label: "Bounced sessions", measure: "sessions", where: { field: "session.is_bounced", value: true } } },
  { id: "looked", label: "Looked at", meaning: "", kind: "count", isMoreBetter: true, series: { label: "Looked at", measure: "sum", of: "engagement_ms" } },
  { id: "views_per_session", label: "Views per session", meaning: "Views divided by sessions", kind: "ratio", isMoreBetter: true, formula: "C / B" },
  { id: "bounce_rate", label: "Bounce rate", meaning: "Share of sessions that bounced", kind: "percent", isMoreBetter: false, formula: "D / B * 100" },
  { id: "engagement", label: "Engagement time", meaning: "How long pages were looked at, for each session", kind: "seconds", isMoreBetter: true, formula: "E / B / 1000" },
];
const VALUE: Definition = { id: "value", label: "Value", meaning: "", kind: "count", isMoreBetter: true };
const CONVERSIONS: Definition = { id: "conversions", label: "Conversions", meaning: "", kind: "count", isMoreBetter: true };
const HIDDEN = new Set(["bounced", "looked"]);

/** What the page shows, and the one question that has all of it; `numberOf` is where in the answer. */
export type Asked = { readonly metrics: readonly Metric[]; readonly question: EventsQuestion; readonly numberOf: (id: string) => number };

export function overviewQuestion(common: Pick<EventsQuestion, "app" | "range" | "zone" | "where">, granularity: NonNullable<EventsQuestion["granularity"]>, goal: string): Asked {
  const conversions: readonly Definition[] = goal
    ? [
        { ...CONVERSIONS, meaning: `Events ${goal}`, series: { label: "Conversions", event: goal, measure: "events" } },
        { ...VALUE, meaning: `What events ${goal} were worth: the sum of value`, series: { label: "Value", event: goal, measure: "sum", of: "value" } },
      ]
    : [];
  const all = [...DEFINITIONS.filter(({ series }) => series), ...conversions, ...DEFINITIONS.filter(({ formula }) => formula)];
  const question: EventsQuestion = {
    ...common,
    series: all.flatMap(({ series }) => series ?? []),
    formulas: all.flatMap(({ formula }) => formula ?? []),
    granularity,
    compare: "previous",
  };
  const ids = all.map(({ id }) => id);
  return { metrics: all.filter(({ id }) => !HIDDEN.has(id)), question, numberOf: (id) => ids.indexOf(id) };
}

/** One list of a panel: values of a field, and how many. */
export type List = { readonly id: string; readonly label: string; readonly field: string; readonly series: Series };
export type PanelInfo = { readonly title: string; readonly lists: readonly List[] };

const visitors: Series = { measure: "visitors" };
const sessions: Series = { measure: "sessions" };

export const PANELS: readonly PanelInfo[] = [
  {
    title: "Pages",
    lists: [
      { id: "pages", label: "All", field: "page_path", series: { event: "page_view", measure: "visitors" } },
      { id: "entry", label: "Entry", field: "session.entry_page", series: sessions },
      { id: "exit", label: "Exit", field: "session.exit_page", series: sessions },
    ],
  },
  {
    title: "Sources",
    lists: [
      { id: "source", label: "Source", field: "session.source", series: visitors },
      { id: "medium", label: "Medium", field: "session.medium", series: visitors },
      { id: "campaign", label: "Campaign", field: "session.campaign", series: visitors },
      { id: "referrer", label: "Referrer", field: "session.referrer_host", series: visitors },
    ],
  },
  {
    title: "Devices",
    lists: [
      { id: "device", label: "Type", field: "device_category", series: visitors },
      { id: "browser", label: "Browser", field: "browser", series: visitors },
      { id: "os", label: "System", field: "os", series: visitors },
    ],
  },
  {
    title: "Places",
    lists: [
      { id: "language", label: "Language", field: "language", series: visitors },
      { id: "zone", label: "Time zone", field: "time_zone", series: visitors },
      { id: "country", label: "Country", field: "geo_country", series: visitors },
    ],
  },
  { title: "Events", lists: [{ id: "events", label: "Events", field: "event_name", series: { measure: "events" } }] },
];

export const LISTS: readonly List[] = PANELS.flatMap(({ lists }) => lists);

export function listQuestion(list: List, common: Pick<EventsQuestion, "app" | "range" | "zone" | "where">): EventsQuestion {
  return { ...common, series: [list.series], by: [list.field], top: 9, granularity: "month" };
}

