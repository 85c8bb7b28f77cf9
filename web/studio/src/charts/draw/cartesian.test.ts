import { expect, test } from "vitest";
import type { ChartData } from "../data";
import type { Palette } from "../palette";
import { cartesian, pointNear } from "./cartesian";

const DAY = 86_400_000;
/** Ten pixels for each of y. */
const pixels = (y: number) => 500 - 10 * y;
const INK = "#000";
const PALETTE: Palette = { accent: INK, series: [INK], text: INK, muted: INK, line: INK, soft: INK, raised: INK, failure: INK, sunken: INK };
const SIZE = { width: 720, height: 304 };
const BARS: ChartData = {
  columns: [
    { name: "page", type: "VARCHAR" },
    { name: "count", type: "BIGINT" },
  ],
  rows: [
    ["/", 9],
    ["/new", 4],
  ],
  roles: { x: "page", y: ["count"] },
  before: {
    rows: [
      ["/old", 5],
      ["/", 7],
    ],
  },
};

test("a bar of the range before stands to the left, also of what is gone; what is new had none", () => {
  const [before, now] = seriesIn(cartesian("bar", BARS, PALETTE, SIZE));
  expect(valuesIn(before)).toEqual([["/", 7], ["/new", 0], ["/old", 5]]);
  expect(valuesIn(now)).toEqual([["/", 9], ["/new", 4]]);
  const words = cartesian("bar", BARS, PALETTE, SIZE)["xAxis"];
  expect(words).toMatchObject({ data: ["/", "/new", "/old"] });
});

test("hours that were there only before stand where they belong; a click beside one means it, and no other", () => {
  const hours: ChartData = {
    ...BARS,
    columns: [{ name: "page", type: "INTEGER" }, { name: "count", type: "BIGINT" }],
    rows: [[9, 4], [11, 2]],
    before: { rows: [[8, 1], [9, 3], [10, 6]] },
  };
  expect(cartesian("bar", hours, PALETTE, SIZE)["xAxis"]).toMatchObject({ data: ["8", "9", "10", "11"] });
  expect([0, 1, 2, 3].map((x) => pointNear("bar", hours, [x, 2], pixels)?.row)).toEqual([undefined, 0, undefined, 1]);
});

test("one day alone has one tick; beside others before it has theirs", () => {
  const day = Date.UTC(2024, 9, 4);
  const one: ChartData = { ...BARS, columns: [{ name: "page", type: "DATE" }, { name: "count", type: "BIGINT" }], rows: [["2024-10-04", 3]], before: null };
  for (const kind of ["line", "bar"] as const) {
    expect(cartesian(kind, one, PALETTE, SIZE)["xAxis"]).toMatchObject({ axisLabel: { customValues: [day] } });
    const two = cartesian(kind, { ...one, before: { rows: [["2024-10-04", 1], ["2024-10-05", 2]] } }, PALETTE, SIZE);
    expect(two["xAxis"]).toMatchObject({ minInterval: DAY });
    expect(two["xAxis"]).not.toHaveProperty("axisLabel.customValues");
  }
});

type Drawn = { readonly data: readonly { readonly value: unknown }[] };

function seriesIn(option: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(option["series"]) ? option["series"] : [];
}

function isDrawn(series: unknown): series is Drawn {
  return typeof series === "object" && series !== null && "data" in series && Array.isArray(series.data);
}

function valuesIn(series: unknown): readonly unknown[] {
  return isDrawn(series) ? series.data.map(({ value }) => value) : [];
}
