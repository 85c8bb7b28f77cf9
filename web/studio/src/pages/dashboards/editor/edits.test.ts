import { expect, test } from "vitest";
import type { Dashboard, Tile } from "../../../api/generated";
import { addTile, freshTile, placeTiles, removeTile, withChart } from "./edits";

const tile = (id: string, x: number, y: number): Tile => ({
  id,
  chart: "bar",
  place: { x, y, w: 6, h: 4 },
  query: { kind: "fields", table: "events", x: { column: "event_name" }, y: { measure: "count" } },
});
const sheet = { title: "One", tiles: [tile("a", 0, 0), tile("b", 6, 0), tile("c", 0, 4)] };
const dashboard: Dashboard = { title: "Any", sheets: [sheet] };

function overlaps(tiles: readonly Tile[]): boolean {
  return tiles.some((one, at) =>
    tiles.slice(at + 1).some(({ place: other }) => {
      const { place } = one;
      return place.x < other.x + other.w && other.x < place.x + place.w && place.y < other.y + other.h && other.y < place.y + place.h;
    }),
  );
}

test("tiles never lie over each other, nor beyond the grid, wherever one is put", () => {
  for (const place of [{ x: 3, y: 0, w: 6, h: 4 }, { x: 11, y: 2, w: 9, h: 99 }, { x: -2, y: -1, w: 0, h: 0 }]) {
    const { tiles = [] } = placeTiles(sheet, new Map([["c", place]]));
    expect(overlaps(tiles)).toBe(false);
    for (const { place: found } of tiles) {
      expect(found.x >= 0 && found.x + found.w <= 12 && found.w >= 1 && found.h >= 1 && found.h <= 24).toBe(true);
    }
  }
});

test("a new tile has a name of its own and stands below; a gap closes", () => {
  const made = freshTile(dashboard, sheet);
  const { tiles = [] } = addTile(sheet, made);
  expect(new Set(tiles.map(({ id }) => id)).size).toBe(4);
  expect(overlaps(tiles)).toBe(false);
  const left = removeTile(sheet, "a").tiles ?? [];
  expect(left.find(({ id }) => id === "c")?.place.y).toBe(0);
});

test("another kind of chart keeps the fields that it has a place for", () => {
  const stacked = withChart({ ...tile("a", 0, 0), query: { kind: "fields", table: "events", x: { column: "p" }, y: { column: "v", measure: "sum" }, colour: { column: "d" } } }, "stacked_bar");
  const map = withChart(stacked, "tree_map");
  expect(map.query).toMatchObject({ x: { column: "p" }, y: null, size: { column: "v", measure: "sum" }, colour: null });
  expect(withChart(map, "pie").query).toMatchObject({ x: { column: "p" }, y: { column: "v", measure: "sum" }, size: null });
  const words = withChart(stacked, "text");
  expect([words.query, words.text]).toEqual([undefined, "## Title"]);
});
