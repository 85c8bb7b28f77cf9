import { verticalCompactor } from "react-grid-layout";
import type { Dashboard, FieldsQuery, FieldUse, Sheet, Tile, TilePlace } from "../../../api/generated";
import type { ChartKind } from "../../../charts/draw/draw";
import type { FieldInfo } from "../fields/useFields";

export const COLUMNS = 12;
const HEIGHT_MAX = 24;

export type Role = "x" | "y" | "colour" | "size";

/** What a kind of chart shows, in the order of asking. */
export const ROLES: Readonly<Record<Exclude<ChartKind, "text">, readonly Role[]>> = {
  number: ["y"],
  table: ["x", "colour", "y"],
  line: ["x", "y", "colour"],
  area: ["x", "y", "colour"],
  bar: ["x", "y", "colour"],
  stacked_bar: ["x", "y", "colour"],
  pie: ["x", "y"],
  donut: ["x", "y"],
  tree_map: ["x", "size", "colour"],
  heat_map: ["x", "colour", "y"],
};

/** Whether what is put there is a number of many rows, not a group. */
export function isMeasure(role: Role, chart: ChartKind): boolean {
  return role === "y" || role === "size" || (role === "colour" && chart === "tree_map");
}

const NUMBERS = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;

export function isTimeField(field: FieldInfo | undefined): boolean {
  return /^(TIMESTAMP|DATE)/.test(field?.type ?? "");
}

/** How a field is first used in a place: numbers are summed, others counted by their different values. */
export function firstUse(role: Role, chart: ChartKind, field: FieldInfo): FieldUse {
  if (isMeasure(role, chart)) return { column: field.name, measure: NUMBERS.test(field.type) ? "sum" : "distinct" };
  return isTimeField(field) ? { column: field.name, unit: "day" } : { column: field.name };
}

export function changeSheet(dashboard: Dashboard, at: number, change: (sheet: Sheet) => Sheet): Dashboard {
  return { ...dashboard, sheets: dashboard.sheets.map((sheet, place) => (place === at ? change(sheet) : sheet)) };
}

function settled(tiles: readonly Tile[]): readonly Tile[] {
  const layout = verticalCompactor.compact(
    tiles.map(({ id, place }) => ({ i: id, ...place })),
    COLUMNS,
  );
  const places = new Map(layout.map(({ i, x, y, w, h }) => [i, { x, y, w, h }]));
  return tiles.map((tile) => ({ ...tile, place: places.get(tile.id) ?? tile.place }));
}

/** Put tiles where they were dragged to; what is in the way moves down, and gaps above close. */
export function placeTiles(sheet: Sheet, places: ReadonlyMap<string, TilePlace>): Sheet {
  return { ...sheet, tiles: settled((sheet.tiles ?? []).map((tile) => ({ ...tile, place: bounded(places.get(tile.id) ?? tile.place) }))) };
}

function bounded({ x, y, w, h }: TilePlace): TilePlace {
  const width = Math.min(COLUMNS, Math.max(1, w));
  return { x: Math.min(COLUMNS - width, Math.max(0, x)), y: Math.max(0, y), w: width, h: Math.min(HEIGHT_MAX, Math.max(1, h)) };
}

export function freshTile(dashboard: Dashboard, sheet: Sheet, like?: Tile): Tile {
  const known = new Set(dashboard.sheets.flatMap(({ tiles }) => (tiles ?? []).map(({ id }) => id)));
  let number = known.size + 1;
  while (known.has(`tile-${number}`)) number += 1;
  const below = Math.max(0, ...(sheet.tiles ?? []).map(({ place }) => place.y + place.h));
  const made: Tile = like ?? {
    id: "",
    title: "Events",
    chart: "bar",
    place: { x: 0, y: 0, w: 6, h: 5 },
    query: { kind: "fields", table: "events", x: { column: "event_name" }, y: { measure: "count" } },
  };
  return { ...made, id: `tile-${number}`, place: { ...made.place, x: like ? made.place.x : 0, y: below } };
}

export function addTile(sheet: Sheet, tile: Tile): Sheet {
  return { ...sheet, tiles: settled([...(sheet.tiles ?? []), tile]) };
}

export function changeTile(sheet: Sheet, tile: Tile): Sheet {
  return { ...sheet, tiles: (sheet.tiles ?? []).map((one) => (one.id === tile.id ? tile : one)) };
}

export function removeTile(sheet: Sheet, id: string): Sheet {
  return { ...sheet, tiles: settled((sheet.tiles ?? []).filter((tile) => tile.id !== id)) };
}

/** The same tile as another kind of chart: fields stay, as far as the kind has a place for them. */
export function withChart(tile: Tile, chart: ChartKind): Tile {
  if (chart === "text") {
    const { query: _, options: __, ...rest } = tile;
    return { ...rest, chart, text: tile.text || `## ${tile.title || "Title"}` };
  }
  const { text: _, ...rest } = tile;
  const query = tile.query ?? { kind: "fields" as const, table: "events", x: { column: "event_name" }, y: { measure: "count" as const } };
  return { ...rest, chart, query: query.kind === "fields" ? fitted(query, chart) : query };
}

function fitted(query: FieldsQuery, chart: Exclude<ChartKind, "text">): FieldsQuery {
  const roles = ROLES[chart];
  const measured = [query.y, query.size, query.colour].find((use) => use?.measure) ?? { measure: "count" as const };
  const kept = { x: roles.includes("x") ? (query.x ?? { column: "event_name" }) : null };
  const colour = roles.includes("colour") && query.colour && Boolean(query.colour.measure) === isMeasure("colour", chart) ? query.colour : null;
  return {
    ...query,
    ...kept,
    y: roles.includes("y") ? measured : null,
    size: roles.includes("size") ? measured : null,
    colour,
  };
}
