import { type ColumnFilter, type FilterNode, isGroup } from "../../../components/filters/filters";

/** Lists of the live page that narrow it, each with its words. */
export const PANELS = {
  pages: { title: "Pages", one: "Page", unit: "views", nothing: "None" },
  events: { title: "Events", one: "Event", unit: "events", nothing: "None" },
  sources: { title: "Sources", one: "Source", unit: "visitors", nothing: "Direct or unknown" },
  devices: { title: "Devices", one: "Device", unit: "visitors", nothing: "Unknown" },
  browsers: { title: "Browsers", one: "Browser", unit: "visitors", nothing: "Unknown" },
  systems: { title: "Systems", one: "System", unit: "visitors", nothing: "Unknown" },
} as const;

export type Panel = keyof typeof PANELS;

/** Whose events are shown: bots only where they are asked for. */
export const WHO = ["people", "bots", "all"] as const;
export type Who = (typeof WHO)[number];

/** One row of a panel that the page is narrowed to; null is what has no value. */
export type Filter = { readonly panel: Panel; readonly value: string | null };

export function isPanel(text: string): text is Panel {
  return Object.hasOwn(PANELS, text);
}

export function parseWho(text: string): Who {
  return WHO.find((who) => who === text) ?? "people";
}

/** `pages:/cart`, or `sources` for what has none: as it stands in the address. */
export function formatFilter({ panel, value }: Filter): string {
  return value === null ? panel : `${panel}:${value}`;
}

/** Inverse of `formatFilter`; null for anything else. */
export function parseFilter(text: string): Filter | null {
  const colon = text.indexOf(":");
  const panel = colon < 0 ? text : text.slice(0, colon);
  if (!isPanel(panel)) return null;
  return { panel, value: colon < 0 ? null : text.slice(colon + 1) };
}

/** The filters after a click on a row: another row of its panel takes its place, the same one is let go. */
export function toggled(filters: readonly Filter[], picked: Filter): readonly Filter[] {
  const others = filters.filter(({ panel }) => panel !== picked.panel);
  const isOn = filters.some((filter) => formatFilter(filter) === formatFilter(picked));
  return isOn ? others : [...others, picked];
}

/** A row of a panel as a condition of the filter bar. */
export function conditionOf({ panel, value }: Filter): ColumnFilter {
  return value === null ? { column: panel, operator: "is_not_set", values: [] } : { column: panel, operator: "is", values: [value] };
}

/** Inverse of `conditionOf`; of each panel the last that was said. */
export function panelFiltersOf(nodes: readonly FilterNode[]): readonly Filter[] {
  const found = new Map<Panel, Filter>();
  for (const node of nodes) {
    if (isGroup(node) || !isPanel(node.column)) continue;
    found.delete(node.column);
    found.set(node.column, { panel: node.column, value: node.operator === "is_not_set" ? null : (node.values[0] ?? null) });
  }
  return [...found.values()];
}
