import { expect, test } from "vitest";
import type { TileDataShape } from "../../../api/generated";
import { drawn } from "../../../charts/draw/draw";
import { beforeRange, changeOf } from "./before";

const WEEK = { start: "2026-11-23T00:00:00+01:00", end: "2026-11-30T00:00:00+01:00" };

function tile(now: number, was: readonly (readonly (number | null)[])[]): TileDataShape {
  return {
    columns: [{ name: "count", type: "BIGINT" }],
    rows: [[now]],
    roles: { y: ["count"] },
    cells: null,
    sql: "",
    notes: [],
    is_cut_off: false,
    cut_sequence: 1,
    cut_published_at: 1,
    before: { rows: was.map((row) => [...row]), ...WEEK },
  };
}

test("a change is said as a share of what was there, and never where nothing was", () => {
  expect(changeOf(tile(112, [[100]]))).toEqual({ change: "▲ 12 %", was: "100 in 23 Nov – 29 Nov" });
  expect(changeOf(tile(75, [[100]]))?.change).toBe("▼ 25 %");
  expect(changeOf(tile(75, [[0]]))?.change).toBe("0 before");
  expect(changeOf(tile(75, [[null]]))?.change).toBe("nothing before");
  expect(changeOf(tile(75, []))?.change).toBe("nothing before");
  expect(changeOf({ ...tile(75, []), before: null })).toBeNull();
});

test("the earlier range in the dashboard's own days; one day is one", () => {
  expect(beforeRange({ rows: [], ...WEEK })).toBe("23 Nov – 29 Nov");
  expect(beforeRange({ rows: [], start: "2026-11-29T00:00:00+01:00", end: "2026-11-30T00:00:00+01:00" })).toBe("29 Nov");
  expect(beforeRange({ rows: [], start: "2026-11-29T08:00:00+00:00", end: "2026-11-29T09:00:00+00:00" })).toBe("29 Nov, 08:00 – 29 Nov, 09:00");
});

const COLOURS = { accent: "teal", soft: "", line: "", text: "", muted: "", raised: "", failure: "", sunken: "" };
const PALETTE = { ...COLOURS, series: Array.from({ length: 10 }, (_, at) => `colour ${at}`) };

test("a line's earlier range is thin and dashed in its colour; a line that is not there now is not drawn", () => {
  const data = {
    columns: [{ name: "day", type: "TIMESTAMP" }, { name: "device", type: "VARCHAR" }, { name: "count", type: "BIGINT" }],
    rows: [["2026-11-29T00:00:00", "mobile", 5], ["2026-11-30T00:00:00", "mobile", 7]],
    roles: { x: "day", y: ["count"], colour: "device" },
    before: { rows: [["2026-11-29T00:00:00", "mobile", 3], ["2026-12-01T00:00:00", "mobile", 2], ["2026-11-29T00:00:00", "tablet", 9]] },
  };
  const option: object = drawn("line", data, PALETTE, { width: 640, height: 320 });
  const series = "series" in option && Array.isArray(option.series) ? option.series : [];
  expect(series).toHaveLength(2);
  expect(series[1]).toMatchObject({ name: "mobile", lineStyle: { type: "dashed", color: series[0]?.lineStyle?.color } });
  // A day between two on which nothing happened is 0; those after the last are not known.
  expect(series[1].data.map(({ value }: { readonly value: unknown }) => value)).toEqual([
    [Date.UTC(2026, 10, 29), 3],
    [Date.UTC(2026, 10, 30), 0],
    [Date.UTC(2026, 11, 1), 2],
  ]);
  expect(series[0].data).toHaveLength(2);
});
