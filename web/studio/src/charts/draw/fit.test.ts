import { describe, expect, test } from "vitest";
import type { Palette } from "../palette";
import type { ChartData } from "../data";
import { drawn } from "./draw";
import { axisFit, axisWord, inTwo, roundFit, textWidth } from "./fit";
import { wordFit } from "./sankey";

const TILE = { width: 384, height: 448 };
const COLOURS = { accent: "rgb(0, 0, 0)", soft: "rgb(255, 255, 255)", line: "", text: "", muted: "", raised: "", failure: "", sunken: "rgb(9, 9, 9)" };
const PALETTE: Palette = { ...COLOURS, series: ["rgb(1, 1, 1)"] };

test("words beside the steps of a way end before the next step, and after the last where the place ends", () => {
  for (const [steps, width] of [[4, 352], [5, 720], [10, 352], [2, 1_200]] as const) {
    const word = wordFit(steps, { width, height: 420 });
    const apart = (width - 4 - word - 10 - 12) / (steps - 1);
    expect(word).toBeGreaterThan(0);
    expect(word).toBeLessThan(apart - 12);
  }
});

describe("a round chart", () => {
  test.each(["beer_product_detail", "beer_selection", "desktop", "(none)"])("leaves the room that a name takes beside it: %s", (name) => {
    for (const size of [TILE, { width: 288, height: 240 }, { width: 720, height: 304 }]) {
      const { radius, label } = roundFit([name, "b"], size);
      expect(radius).toBeGreaterThan(40);
      expect(2 * (radius + label)).toBeLessThanOrEqual(size.width);
      // On a phone some of the longest are cut; a percentage never is.
      const lines = size.width < 300 ? ["100.0 %"] : inTwo(name).split("\n");
      expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(label + 8);
    }
  });

  test("a name is broken at a joint, near its middle, and whole where it has none", () => {
    expect(inTwo("beer_product_detail")).toBe("beer_product_\ndetail");
    expect(inTwo("short name")).toBe("short name");
    expect(inTwo("averyverylongname")).toBe("averyverylongname");
  });
});

describe("words below an axis", () => {
  const names = ["page_view", "session_start", "user_engagement", "view_item", "add_to_cart", "search", "scroll", "click"];

  test("all of them stand there: flat where they fit, else tilted", () => {
    expect(axisFit(names, { width: 1200, height: 300 })).not.toHaveProperty("rotate");
    expect(axisFit(names, { width: 480, height: 300 })).toMatchObject({ interval: 0, hideOverlap: false });
    // Where the chart is as low as its words would be, some are left out as before.
    expect(axisFit(names, { width: 480, height: 100 })).not.toHaveProperty("rotate");
  });

  test("an address is its path, which tells it from the others", () => {
    expect(axisWord("https://www.shop.example/c/shoes?a=1")).toBe("/c/shoes?a=1");
    expect(axisWord("https://www.shop.example")).toBe("https://www.shop.example");
    expect(axisWord("a/b")).toBe("a/b");
  });
});

const RETENTION: ChartData = {
  columns: [
    { name: "cohort", type: "VARCHAR" },
    { name: "period", type: "BIGINT" },
    { name: "rate", type: "DOUBLE", is_share: true },
  ],
  rows: [
    ["2026-11-29", 0, 1],
    ["2026-11-29", 1, 0.4217],
  ],
  roles: { x: "period", y: ["rate"], colour: "cohort" },
};

/** What a function of an option says of a value; the path leads to it. */
function said(option: object, path: readonly (string | number)[], given: unknown): unknown {
  const found = path.reduce<unknown>((part, name) => (typeof part === "object" && part !== null ? Reflect.get(part, name) : undefined), option);
  return typeof found === "function" ? Reflect.apply(found, null, [given]) : found;
}

test("shares are said as percentages, wherever a chart says a number", () => {
  const heat = drawn("heat_map", RETENTION, PALETTE, TILE);
  expect(said(heat, ["series", 0, "label", "formatter"], { value: ["1", "2026-11-29", 0.4217] })).toBe("42.2 %");
  expect(said(heat, ["tooltip", "formatter"], { value: ["1", "2026-11-29", 0.4217] })).toContain("42.17 %");
  expect(said(drawn("line", RETENTION, PALETTE, TILE), ["yAxis", "axisLabel", "formatter"], 0.2)).toBe("20 %");
});

test("numbers stand in a heat map only where the widest fits its cell", () => {
  const hours = Array.from({ length: 24 }, (_, hour) => ["Monday", hour, 1_962]);
  const busy: ChartData = { columns: [{ name: "day", type: "VARCHAR" }, { name: "hour", type: "BIGINT" }, { name: "n", type: "BIGINT" }], rows: hours, roles: { x: "hour", y: ["n"], colour: "day" } };
  expect(said(drawn("heat_map", busy, PALETTE, TILE), ["series", 0, "label", "show"], null)).toBe(false);
  expect(said(drawn("heat_map", busy, PALETTE, { width: 1600, height: 300 }), ["series", 0, "label", "show"], null)).toBe(true);
});

test("a tree map coloured by a number says what its shades mean", () => {
  const beer: ChartData = {
    columns: [{ name: "device", type: "VARCHAR" }, { name: "size", type: "BIGINT" }, { name: "sum of events", type: "BIGINT" }],
    rows: [
      ["mobile", 3_000, 1_400],
      ["tablet", 866, 350],
    ],
    roles: { x: "device", y: [], size: "size", colour: "sum of events" },
  };
  const scale = said(drawn("tree_map", beer, PALETTE, TILE), ["visualMap"], null);
  expect(scale).toMatchObject({ min: 350, max: 1_400, text: ["1,400", "sum of events   350"] });
  const narrow = said(drawn("tree_map", beer, PALETTE, { width: 208, height: 200 }), ["visualMap"], null);
  expect(narrow).toMatchObject({ text: ["1,400", "350"] });
  const plain = { ...beer, roles: { x: "device", size: "size" } };
  expect(drawn("tree_map", plain, PALETTE, TILE)).not.toHaveProperty("visualMap");
});

test("half of the last time of a line has room beside it", () => {
  const hours: ChartData = { columns: [{ name: "hour", type: "TIMESTAMP" }, { name: "n", type: "BIGINT" }], rows: [["2026-11-30T08:00:00", 1], ["2026-11-30T09:00:00", 2]], roles: { x: "hour", y: ["n"] } };
  expect(Number(said(drawn("line", hours, PALETTE, TILE), ["grid", "right"], null))).toBeGreaterThanOrEqual(textWidth("30 Nov 09:00") / 2);
});

test("weeks are marked where they begin, not where the axis likes it", () => {
  const weeks: ChartData = {
    columns: [{ name: "week", type: "TIMESTAMP" }, { name: "n", type: "BIGINT" }],
    rows: [["2026-11-16T00:00:00", 1], ["2026-11-23T00:00:00", 2], ["2026-11-30T00:00:00", 3]],
    roles: { x: "week", y: ["n"] },
  };
  const starts = [16, 23, 30].map((day) => Date.UTC(2026, 10, day));
  expect(said(drawn("bar", weeks, PALETTE, TILE), ["xAxis", "axisLabel", "customValues"], null)).toEqual(starts);
});
