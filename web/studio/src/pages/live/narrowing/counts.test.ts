import { expect, test } from "vitest";
import { counts, snapshot, streamEvent } from "../../../testing/builders";
import { countsOf, isQuiet } from "./counts";

const people = counts({
  visitors_5m: 2,
  events_30m: 3,
  pages: { rows: [{ value: "/a", count: 3 }], others: 1, is_exact: true },
  stream: [streamEvent(5), streamEvent(2)],
});
const bots = counts({
  visitors_5m: 1,
  events_30m: 4,
  pages: { rows: [{ value: "/robots.txt", count: 4 }, { value: "/a", count: 2 }], others: 0, is_exact: false },
  stream: [streamEvent(4), streamEvent(2, { request_index: 1 })],
});
const both = snapshot({ people, bots });

const rows = (from: number) => Array.from({ length: 50 }, (_, n) => ({ value: `/${from + n}`, count: 100 - n }));
const long = (from: number) => counts({ pages: { rows: rows(from), others: 0, is_exact: true } });

test("people by default, bots where they are asked for", () => {
  expect(countsOf(both, "people")).toBe(people);
  expect(countsOf(both, "bots")).toBe(bots);
});

test("together: sums, lists in order, events newest first", () => {
  const all = countsOf(both, "all");
  expect([all.visitors_5m, all.events_30m]).toEqual([3, 7]);
  expect(all.pages).toEqual({
    rows: [{ value: "/a", count: 5 }, { value: "/robots.txt", count: 4 }],
    others: 1,
    is_exact: false,
  });
  expect(all.stream.map((event) => [event.log_offset, event.request_index])).toEqual([[5, 0], [4, 0], [2, 1], [2, 0]]);
});

test("a list of both keeps its length, and what is cut off is counted", () => {
  const { pages } = countsOf(snapshot({ people: long(0), bots: long(50) }), "all");
  expect(pages.rows).toHaveLength(50);
  const total = pages.rows.reduce((sum, { count }) => sum + count, pages.others);
  expect(total).toBe(2 * rows(0).reduce((sum, { count }) => sum + count, 0));
});

test("a site that only bots visit is not quiet", () => {
  expect(isQuiet(snapshot())).toBe(true);
  expect(isQuiet(snapshot({ bots: counts({ events_30m: 1 }) }))).toBe(false);
});
