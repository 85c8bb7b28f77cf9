import { expect, test } from "vitest";
import { parseAnswer } from "./api";

const answer = (rows: string) => `{"columns": [], "rows": ${rows}, "is_cut_off": false, "cut_sequence": 1, "cut_published_at": 1764000000000000}`;

test("numbers and text of an answer as they are", () => {
  expect(parseAnswer(answer('[[1, 1.5, "a", null, true, [1]]]')).rows).toEqual([[1, 1.5, "a", null, true, [1]]]);
});

test("a number with more digits than the browser holds is never a wrong one", () => {
  const [row] = parseAnswer(answer('[[12345678901234567890, "12345678901234567890", 1e300]]')).rows;
  // Where the engine does not tell how a number was written, it can only be rounded.
  const knowsSource = JSON.parse("1", (_: string, __: unknown, ...more: readonly unknown[]) => more.length) === 1;
  expect(row?.[0]).toBe(knowsSource ? "12345678901234567890" : Number("12345678901234567890"));
  expect(row?.[1]).toBe("12345678901234567890");
});

test("what is no answer is a failure with words", () => {
  for (const text of ["", "{", "[]", '{"rows": 1}']) expect(() => parseAnswer(text)).toThrow("does not understand");
});
