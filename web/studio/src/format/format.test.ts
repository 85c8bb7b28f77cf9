import { expect, test } from "vitest";
import { clockIn, counted, formatBytes, formatCount, formatDuration, formatPercent, formatRate, shortId } from "./format";

test("counts are short once they are long", () => {
  expect([0, 999, 9_999, 12_400, 1_250_000, 3e9].map(formatCount)).toEqual([
    "0",
    "999",
    "9,999",
    "12.4 k",
    "1.3 M",
    "3 bn",
  ]);
});

test("one of something is no plural", () => {
  expect([0, 1, 1200].map((count) => counted(count, "session"))).toEqual(["0 sessions", "1 session", "1,200 sessions"]);
});

test("rates, shares, sizes, durations", () => {
  expect([0, 0.25, 12.34, 456.7].map(formatRate)).toEqual(["0", "0.3", "12.3", "457"]);
  expect([formatPercent(1, 3), formatPercent(0, 0)]).toEqual(["33.3 %", "0 %"]);
  expect([12, 2_048, 5 * 1024 ** 2, 1024 ** 4].map(formatBytes)).toEqual(["12 B", "2 KiB", "5 MiB", "1 TiB"]);
  expect([5, 133, 3_700, 151_200, 3_600 * 131].map(formatDuration)).toEqual(["5 s", "2 m 13 s", "1 h 1 m", "42 h 0 m", "5 d 11 h"]);
});

test("times are in the zone named; an unknown zone is UTC", () => {
  const us = Date.UTC(2026, 6, 1, 22, 30, 5, 250) * 1000;
  expect(clockIn("Europe/Rome").full(us)).toBe("2 Jul 2026, 00:30:05.250");
  expect(clockIn("Nowhere/Land")).toMatchObject({ zone: "UTC" });
  expect(clockIn("UTC").second(us)).toBe("22:30:05");
  expect(clockIn("UTC").minute(us)).toBe("22:30");
});

test("ids are cut between characters as people see them", () => {
  expect(shortId("0192f0c1-2c3d-7abc")).toBe("0192f0c1…7abc");
  expect(shortId("👩‍👩‍👧".repeat(20))).toBe(`${"👩‍👩‍👧".repeat(8)}…${"👩‍👩‍👧".repeat(4)}`);
  expect([shortId(null), shortId("ada")]).toEqual([null, "ada"]);
});
