import { expect, test } from "vitest";
import type { SqlAnswerShape } from "../../../api/generated";
import { firstChoice, MARKS_MAX, numericColumns, seriesOf } from "./chart";

const answer: SqlAnswerShape = {
  columns: [
    { name: "n", type: "BIGINT" },
    { name: "day", type: "DATE" },
    { name: "share", type: "DECIMAL(9,2)" },
  ],
  rows: [[7, "2026-11-29", "0.5"], [null, null, "x"]],
  is_cut_off: false,
  cut_sequence: 1,
  cut_published_at: 1,
};

test("dates lie along, the first number stands up, as a line", () => {
  expect(firstChoice(answer)).toEqual({ x: "day", y: "n", kind: "line" });
  expect(numericColumns(answer)).toEqual(["n", "share"]);
  expect(firstChoice({ ...answer, columns: [{ name: "a", type: "VARCHAR" }] })).toBeNull();
  const numbers = ["a", "b"].map((name) => ({ name, type: "BIGINT" }));
  expect(firstChoice({ ...answer, columns: numbers })).toEqual({ x: "a", y: "b", kind: "bar" });
});

test("what is no number has no height, and rows beyond the bound are counted", () => {
  expect(seriesOf(answer, { x: "day", y: "share", kind: "line" })).toEqual({ labels: ["2026-11-29", "null"], values: [0.5, null], left: 0 });
  const many = { ...answer, rows: Array.from({ length: MARKS_MAX.bar + 3 }, () => [1, "a", "1"]) };
  expect(seriesOf(many, { x: "day", y: "n", kind: "bar" }).left).toBe(3);
});
