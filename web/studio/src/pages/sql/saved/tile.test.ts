import { expect, test } from "vitest";
import { NOTHING } from "../api";
import { tileOf } from "./tile";

const saved = { created_at: 1, changed_at: 1, name: "by_day", sql: "SELECT :n, $from", description: "", parameters: [{ name: "n", type: "integer", default: 1 }, { name: "from", type: "text", default: null }] } as const;
const answer = { columns: [{ name: "day", type: "DATE" }, { name: "n", type: "BIGINT" }], rows: [["2024-10-04", 1]], is_cut_off: false, cut_sequence: 1, cut_published_at: 1 } as const;

test("a statement is a tile as it stands, drawn as its answer is, with the range where it has one", () => {
  const sql = "SELECT ':x' AS a, event_time::date AS day FROM events WHERE event_time >= :from";
  const found = tileOf(` ${sql} ;`, null, { ...NOTHING, sql: `${sql} ;` }, answer);
  expect(found?.query).toEqual({ kind: "sql", sql: sql.replace(":from", "$from") });
  expect([found?.chart, found?.note]).toEqual(["line", "The dashboard's time range counts for it."]);
  expect(tileOf("SELECT 1", null, NOTHING, answer)?.chart).toBe("table");
});

test("a statement with other values, or one that defines something, is no tile", () => {
  for (const sql of ["SELECT :n", "CREATE VIEW a AS SELECT 1", "  "]) expect(tileOf(sql, null, NOTHING, null)).toBeNull();
});

test("a saved query is a tile by its name, with the values that were given", () => {
  const asked = { sql: saved.sql, saved: "by_day", values: { n: "3", from: "2024-10-04" } };
  expect(tileOf(saved.sql, saved, asked, null)?.query).toEqual({ kind: "saved", name: "by_day", parameters: { n: "3" } });
});
