import { expect, test } from "vitest";
import { next } from "./history";

const begin = { past: [], now: "a", future: [], tag: "" };

test("steps go back and forth; letters of one word are one step", () => {
  const one = next(begin, { kind: "change", to: "b", tag: "title" });
  const two = next(one, { kind: "change", to: "bc", tag: "title" });
  expect([two.past, two.now]).toEqual([["a"], "bc"]);
  const other = next(two, { kind: "change", to: "d", tag: "text" });
  const back = next(other, { kind: "undo" });
  expect([back.now, back.future]).toEqual(["bc", ["d"]]);
  expect(next(back, { kind: "redo" }).now).toBe("d");
  // After a step back, writing on is a step of its own, and what was ahead is gone.
  const on = next(next(other, { kind: "undo" }), { kind: "change", to: "e", tag: "title" });
  expect([on.past, on.future]).toEqual([["a", "bc"], []]);
  expect(next(begin, { kind: "undo" })).toBe(begin);
});
