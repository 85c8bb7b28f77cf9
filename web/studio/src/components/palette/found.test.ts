import { expect, test } from "vitest";
import { foundIn, type Target } from "./found";

const TARGETS: readonly Target[] = [
  { kind: "Page", title: "Live", to: "/live" },
  { kind: "Dashboard", title: "Web overview", to: "/dashboards?name=web" },
  { kind: "Page", title: "Overview", to: "/overview" },
  { kind: "Event", title: "overdue", to: "/explore" },
];

test("every word must be there, in any case, and what begins with the first one stands first", () => {
  expect(foundIn(TARGETS, "OVER").map(({ title }) => title)).toEqual(["Overview", "overdue", "Web overview"]);
  expect(foundIn(TARGETS, "over dash").map(({ title }) => title)).toEqual(["Web overview"]);
  expect(foundIn(TARGETS, "nothing")).toEqual([]);
  expect(foundIn(TARGETS, "")).toHaveLength(4);
});
