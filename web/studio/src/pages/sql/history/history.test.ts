import { expect, test } from "vitest";
import { HISTORY_MAX, KEPT_CHARS_MAX, parseHistory, remembered } from "./history";

test("newest first, each once, at most so many", () => {
  const many = Array.from({ length: HISTORY_MAX }, (_, n) => ({ sql: `SELECT ${n}`, at: n }));
  const more = remembered(many, { sql: "SELECT 7", at: 99 });
  expect(more).toHaveLength(HISTORY_MAX);
  expect(more[0]).toEqual({ sql: "SELECT 7", at: 99 });
  expect(remembered(many, { sql: "SELECT x", at: 99 }).at(-1)?.sql).toBe(`SELECT ${HISTORY_MAX - 2}`);
});

test("a statement that is too long is not kept", () => {
  expect(remembered([], { sql: "x".repeat(KEPT_CHARS_MAX + 1), at: 1 })).toEqual([]);
});

test("what is no history in the storage is none", () => {
  for (const text of [undefined, "", "{", "{}", "null", '[{"sql": 1}, 2, null]']) expect(parseHistory(text)).toEqual([]);
  expect(parseHistory('[{"sql": "SELECT 1", "at": 2}, "x"]')).toEqual([{ sql: "SELECT 1", at: 2 }]);
});
