import type { EventsQuestion, Series } from "../../api/generated";
import type { Field } from "../../components/filters/filters";
import type { Compare, Granularity } from "../../components/scene/scene";

/** How a number is written, and whether more of it is good. */
export type Metric = { readonly id: string; readonly label: string; readonly meaning: string; readonly kind: "count" | "ratio" | "percent" | "seconds"; readonly isMoreBetter: boolean };

const VIEWS = ["page_view", "screen_view"];

type Definition = Metric & {
  readonly series?: Series;
  readonly formula?: string;
  /** Of a formula: whose number opens in its place, and as what. */
  readonly opens?: { readonly id: string; readonly title: string };
};

/** Series are called A, B, … in this order by the formulas. */
const DEFINITIONS: readonly Definition[] = [
  { id: "visitors", label: "Visitors", meaning: "Different visitors with any event", kind: "count", isMoreBetter: true, series: { label: "Visitors", measure: "visitors" } },
  { id: "sessions", label: "Sessions", meaning: "Different sessions with any event", kind: "count", isMoreBetter: true, series: { label: "Sessions", measure: "sessions" } },
  { id: "views", label: "Views", meaning: "Page and screen views", kind: "count", isMoreBetter: true, series: { label: "Views", event: VIEWS, measure: "events" } },
  { id: "bounced", label: "Bounced sessions", meaning: "", kind: "count", isMoreBetter: false, series: { label: "Bounced sessions", measure: "sessions", where: { field: "session.is_bounced", value: true } } },
  { id: "looked", label: "Looked at", meaning: "", kind: "count", isMoreBetter: true, series: { label: "Looked at", measure: "sum", of: "engagement_ms" } },
  { id: "views_per_session", label: "Views per session", meaning: "Views divided by sessions", kind: "ratio", isMoreBetter: true, formula: "C / B", opens: { id: "views", title: "Views" } },
  { id: "bounce_rate", label: "Bounce rate", meaning: "Share of sessions that bounced", kind: "percent", isMoreBetter: false, formula: "D / B * 100", opens: { id: "bounced", title: "Sessions that bounced" } },
  { id: "engagement", label: "Engagement time", meaning: "How long pages were looked at, for each session", kind: "seconds", isMoreBetter: true, formula: "E / B / 1000", opens: { id: "looked", title: "Events with engagement time" } },
];
const VALUE: Definition = { id: "value", label: "Value", meaning: "", kind: "count", isMoreBetter: true };
const CONVERSIONS: Definition = { id: "conversions", label: "Conversions", meaning: "", kind: "count", isMoreBetter: true };
/** Those that are shown, as they are shown. */
const ORDER = ["visitors", "sessions", "views", "views_per_session", "bounce_rate", "engagement", "conversions", "value"];

/** What the page shows, and the one question that has all of it. */
export type Asked = {
  readonly metrics: readonly Metric[];
  readonly question: EventsQuestion;
  /** Where a number is in the answer. */
  readonly numberOf: (id: string) => number;
  /** Whose number opens for one, and as what: a formula counts nobody itself. */
  readonly openedFor: (metric: Metric) => { readonly id: string; readonly title: string };
};

/** What all panels ask with. */
export type Scene = Pick<EventsQuestion, "app" | "range" | "zone" | "where">;
/** What the numbers are besides: cut how finely, beside what, and which events are conversions. */
export type Shown = { readonly granularity: Granularity; readonly compare: Compare; readonly goals: readonly string[] };

export function overviewQuestion(scene: Scene, { granularity, compare, goals }: Shown): Asked {
  const named = goals.join(" or ");
  const conversions: readonly Definition[] =
    goals.length > 0
      ? [
          { ...CONVERSIONS, meaning: `Events ${named}`, series: { label: "Conversions", event: goals, measure: "events" } },
          { ...VALUE, meaning: `What events ${named} were worth: the sum of value`, series: { label: "Value", event: goals, measure: "sum", of: "value" } },
        ]
      : [];
  const all = [...DEFINITIONS.filter(({ series }) => series), ...conversions, ...DEFINITIONS.filter(({ formula }) => formula)];
  const question: EventsQuestion = {
    ...scene,
    series: all.flatMap(({ series }) => series ?? []),
    formulas: all.flatMap(({ formula }) => formula ?? []),
    granularity,
    compare,
  };
  const ids = all.map(({ id }) => id);
  return {
    metrics: ORDER.flatMap((name) => all.find(({ id }) => id === name) ?? []),
    question,
    numberOf: (id) => ids.indexOf(id),
    openedFor: ({ id, label }) => all.find((one) => one.id === id)?.opens ?? { id, title: label },
  };
}

/** One list of a panel: values of a field, and how many. */
export type List = { readonly id: string; readonly label: string; readonly field: string; readonly series: Series };
export type PanelInfo = { readonly title: string; readonly lists: readonly List[] };

const visitors: Series = { measure: "visitors" };
const sessions: Series = { measure: "sessions" };

const PANELS: readonly PanelInfo[] = [
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
      { id: "channel", label: "Channel", field: "session.channel_group", series: visitors },
      { id: "source", label: "Source", field: "session.source", series: visitors },
      { id: "medium", label: "Medium", field: "session.medium", series: visitors },
      { id: "campaign", label: "Campaign", field: "session.campaign", series: visitors },
      { id: "referrer", label: "Referrer", field: "session.referrer_host", series: visitors },
      { id: "term", label: "Term", field: "session.term", series: visitors },
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
      { id: "region", label: "Region", field: "geo_region", series: visitors },
      { id: "city", label: "City", field: "geo_city", series: visitors },
    ],
  },
  { title: "Events", lists: [{ id: "events", label: "Events", field: "event_name", series: { measure: "events" } }] },
];

export const LISTS: readonly List[] = PANELS.flatMap(({ lists }) => lists);

/** Panels with those lists whose field the project has. */
export function panelsOf(fields: readonly Field[]): readonly PanelInfo[] {
  const known = new Set(fields.map(({ name }) => name));
  return PANELS.map(({ title, lists }) => ({ title, lists: lists.filter(({ field }) => known.has(field)) })).filter(({ lists }) => lists.length > 0);
}

/** What a list is called on its own. */
export function listTitle({ id, label }: List): string {
  const panel = PANELS.find(({ lists }) => lists.some((one) => one.id === id));
  return panel && panel.title !== label ? `${panel.title}: ${label.toLowerCase()}` : label;
}

const PANEL_ROWS = 9;
/** As many groups as a question may have. */
export const DETAIL_ROWS = 100;

export function listQuestion(list: List, scene: Scene, top = PANEL_ROWS): EventsQuestion {
  return { ...scene, series: [list.series], by: [list.field], top, granularity: "month" };
}

/** All values of a list, of those with a text in them. */
export function detailQuestion(list: List, scene: Scene, search: string): EventsQuestion {
  const found = search ? [{ field: list.field, op: "contains" as const, value: search }] : [];
  const parts = [...(scene.where ? [scene.where] : []), ...found];
  return listQuestion(list, { ...scene, where: parts.length > 0 ? { all: parts } : null }, DETAIL_ROWS);
}
