import { expect, test } from "vitest";
import { segmentOf } from "./segments";

const answer = {
  columns: [
    { name: "a,b", type: "VARCHAR" },
    { name: "n", type: "BIGINT" },
  ],
  rows: [
    ['say "x"\nagain', 1],
    [null, 2],
  ],
  roles: { x: "a,b", y: ["n"] },
  cells: null,
  sql: "",
  notes: [],
  is_cut_off: false,
  cut_sequence: 1,
  cut_published_at: 1,
};

test("a segment is the values of its groups, no measure, and nothing where there is no value", () => {
  expect(segmentOf(answer, 1)).toEqual({ parts: [{ column: "a,b", value: null }], cell: null, at: null });
  const map = { ...answer, roles: { x: "a,b", size: "n", colour: "n" } };
  expect(segmentOf(map, 0).parts.map(({ column }) => column)).toEqual(["a,b"]);
  expect(segmentOf({ ...answer, cells: ["k", null], segments_at: "2024-10-04T11:00:00+00:00" }, 0)).toEqual({ parts: [], cell: "k", at: "2024-10-04T11:00:00+00:00" });
});
