import { expect, test } from "vitest";
import { definitionOf } from "./definition";

const place = { x: 0, y: 0, w: 1, h: 1 };

test("fields in words: what is counted, by what, of which rows", () => {
  const query = { kind: "fields", table: "events", x: { column: "event_time", unit: "day" }, y: { column: "visitor_id", measure: "distinct" }, where: [{ field: "os", op: "in", value: ["iOS", "Android"] }] } as const;
  expect(definitionOf({ id: "t", chart: "line", place, query })).toBe("Different values of visitor_id of events, by day of event_time, where os is one of iOS, Android.");
  expect(definitionOf({ id: "t", chart: "number", place, query: { kind: "fields", table: "sessions" } })).toBe("Count of rows of sessions.");
});

test("a report in its own words, without its range, which the tile has; a link tells nothing", () => {
  const query = { kind: "report", model: "funnel", question: { steps: [{ event: "a" }, { event: "b" }] } } as const;
  expect(definitionOf({ id: "t", chart: "bar", place, query })).toBe("Visitors who did a, then b, within 7d.");
  expect(definitionOf({ id: "t", chart: "bar", place, query: null })).toBe("");
});
