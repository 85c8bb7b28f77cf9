import { expect, test } from "vitest";
import { nextOrder, shownText, sorted, SHOWN_CHARS_MAX, textOf, widths } from "./values";

const columns = [
  { name: "n", type: "DECIMAL(18,6)" },
  { name: "name", type: "VARCHAR" },
];
const rows = [["9.5", "b"], ["10", "a"], [null, null], ["9.5", "a"]];

test("numbers by value though they are text, text by letters, nothing last both ways", () => {
  expect(sorted(rows, columns, { column: 0, isDescending: false })).toEqual([["9.5", "b"], ["9.5", "a"], ["10", "a"], [null, null]]);
  expect(sorted(rows, columns, { column: 0, isDescending: true })).toEqual([["10", "a"], ["9.5", "b"], ["9.5", "a"], [null, null]]);
  expect(sorted(rows, columns, { column: 1, isDescending: true }).map((row) => row[1])).toEqual(["b", "a", "a", null]);
  expect(sorted(rows, columns, null)).toBe(rows);
});

test("a head is clicked: up, down, as it came; another head begins anew", () => {
  const up = nextOrder(null, 1);
  expect(up).toEqual({ column: 1, isDescending: false });
  const down = nextOrder(up, 1);
  expect(down).toEqual({ column: 1, isDescending: true });
  expect(nextOrder(down, 1)).toBeNull();
  expect(nextOrder(down, 0)).toEqual({ column: 0, isDescending: false });
});

test("lists and objects are JSON, nothing is nothing", () => {
  expect([textOf([1, "a"]), textOf(true), textOf(null)]).toEqual(['[1,"a"]', "true", null]);
});

test("columns are as wide as they need, within bounds", () => {
  expect(widths(columns, [["1", "x".repeat(400)]])).toEqual([5, 44]);
});

test("of a very long text the beginning is in the page, and how long it is", () => {
  expect(shownText("x".repeat(SHOWN_CHARS_MAX))).toHaveLength(SHOWN_CHARS_MAX);
  expect(shownText("x".repeat(320_000))).toBe(`${"x".repeat(SHOWN_CHARS_MAX)}… (320,000 characters, all of them in the file)`);
  expect(shownText(null)).toBeNull();
});
