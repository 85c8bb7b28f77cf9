import type { Dashboard, Tile } from "../../../api/generated";

/** A tile before it has a place and a name of its own. */
export type NewTile = Pick<Tile, "title" | "chart" | "query" | "options">;

/** One past the last sheet: a sheet that is made for it. */
export const NEW_SHEET = -1;

const WIDTH = 6;
const HEIGHT = 5;

/** A dashboard with a tile below what the sheet has, the sheet's place, and the tile's name. */
export function withTile(dashboard: Dashboard, wanted: number, made: NewTile): { readonly dashboard: Dashboard; readonly sheet: number; readonly id: string } {
  const { sheets } = dashboard;
  const isNew = wanted === NEW_SHEET || !sheets[wanted];
  const all = isNew ? [...sheets, { title: `Sheet ${sheets.length + 1}`, tiles: [] }] : sheets;
  const sheet = isNew ? sheets.length : wanted;
  const taken = new Set(all.flatMap(({ tiles }) => (tiles ?? []).map(({ id }) => id)));
  const id = Array.from({ length: taken.size + 1 }, (_, at) => `tile-${at + 1}`).find((name) => !taken.has(name)) ?? "tile";
  const below = Math.max(0, ...(all[sheet]?.tiles ?? []).map(({ place }) => place.y + place.h));
  const tile: Tile = { ...made, id, place: { x: 0, y: below, w: WIDTH, h: HEIGHT } };
  const added = all.map((one, at) => (at === sheet ? { ...one, tiles: [...(one.tiles ?? []), tile] } : one));
  return { dashboard: { ...dashboard, sheets: added }, sheet, id };
}
