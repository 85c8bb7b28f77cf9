import { expect, test } from "vitest";
import { NEW_SHEET, withTile } from "./place";

const made = { title: "N", chart: "bar", query: { kind: "sql", sql: "SELECT 1" } } as const;
const dashboard = {
  title: "D",
  sheets: [
    { title: "A", tiles: [{ id: "tile-1", chart: "text", text: "x", place: { x: 0, y: 0, w: 12, h: 3 } }] },
    { title: "B", tiles: [] },
  ],
} as const;

test("a tile goes below what its sheet has, with a name that is free in the whole dashboard", () => {
  const found = withTile(dashboard, 0, made);
  expect([found.sheet, found.id]).toEqual([0, "tile-2"]);
  expect(found.dashboard.sheets[0]?.tiles?.[1]).toEqual({ ...made, id: "tile-2", place: { x: 0, y: 3, w: 6, h: 5 } });
  expect(withTile(dashboard, 1, made).dashboard.sheets[1]?.tiles?.[0]?.place.y).toBe(0);
});

test("a new sheet is the last one", () => {
  const found = withTile(dashboard, NEW_SHEET, made);
  expect([found.sheet, found.dashboard.sheets.length, found.dashboard.sheets[2]?.tiles?.length]).toEqual([2, 3, 1]);
});
