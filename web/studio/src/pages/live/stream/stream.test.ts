import { expect, test } from "vitest";
import { streamEvent } from "../../../testing/builders";
import { eventKey, KEPT_EVENTS, matches, mergeEvents, newerThan } from "./stream";

const events = (...numbers: number[]) => numbers.map((number) => streamEvent(number));

test("new events come before those held, none twice", () => {
  const merged = mergeEvents(events(2, 1), events(4, 3, 2));
  expect(merged.map(eventKey)).toEqual(events(4, 3, 2, 1).map(eventKey));
});

test("nothing new is the same list, so that nothing is drawn again", () => {
  const held = events(2, 1);
  expect(mergeEvents(held, events(2))).toBe(held);
});

test("the list is bounded", () => {
  const held = events(...Array.from({ length: KEPT_EVENTS }, (_, n) => n));
  const merged = mergeEvents(held, [streamEvent(5_000)]);
  expect(merged).toHaveLength(KEPT_EVENTS);
  expect(merged[0]?.log_offset).toBe(5_000);
});

test("two events of one request are two rows", () => {
  expect(mergeEvents(events(1), [streamEvent(1, { request_index: 1 })])).toHaveLength(2);
});

test("a filter wants each of its words, anywhere, in any case", () => {
  const event = streamEvent(1, { event_name: "add_to_cart", browser: "Firefox", page: "/Product/1" });
  expect(matches(event, "")).toBe(true);
  expect(matches(event, " CART  firefox ")).toBe(true);
  expect(matches(event, "cart chrome")).toBe(false);
  expect(matches(event, ".*")).toBe(false);
});

test("what is newer than a list that stands still, of what the filter lets through", () => {
  expect(newerThan(events(2, 1), events(4, 3, 2, 1), "").map(eventKey)).toEqual(events(4, 3).map(eventKey));
  expect(newerThan(events(2, 1), events(4, 3, 2, 1), "page/3")).toHaveLength(1);
  expect(newerThan(events(2, 1), events(9, 8), "")).toHaveLength(2);
});
