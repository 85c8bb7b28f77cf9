import { expect, test } from "vitest";
import { counts } from "../../../testing/builders";
import { isFiveMinutes, summarizeMinutes } from "./MinutesChart";

const { minutes } = counts();

function ticks(from_us: number): readonly number[] {
  return minutes.events.flatMap((_, index) => {
    const series = { ...minutes, from_us };
    return isFiveMinutes(series, index) ? [new Date((from_us + index * 60e6) / 1000).getUTCMinutes()] : [];
  });
}

test("ticks stay at five minutes of the clock when the window moves on", () => {
  const noon = Date.UTC(2026, 6, 1, 12) * 1000;
  expect(ticks(noon)).toEqual([0, 5, 10, 15, 20, 25]);
  expect(ticks(noon + 60e6)).toEqual([5, 10, 15, 20, 25, 30]);
});

test("the chart in words", () => {
  const events = [...minutes.events.slice(0, 28), 4, 1];
  expect(summarizeMinutes({ ...minutes, events }, "events")).toBe(
    "Each of the last 30 minutes, events: at most 4 in a minute, 4 in the last whole minute, 1 so far in this one.",
  );
});
