import { expect, test } from "vitest";
import type { EventsAnswer, EventsRow } from "../../../api/generated";
import { charted } from "./EventsResult";

const BUCKETS = ["2026-11-01", "2026-11-02"].map((day) => ({ start: `${day}T00:00:00+00:00`, end: `${day}T24:00:00+00:00`, is_complete: true }));
const row = (bucket: number | null, group: string | null, value: number, is_previous = false): EventsRow => ({
  series: "view",
  number: 0,
  is_previous,
  bucket,
  scope: group === null ? "all" : "group",
  group: group === null ? [] : [group],
  value,
  cell: `${bucket} ${group} ${is_previous}`,
});
const ANSWER: EventsAnswer = {
  start: "",
  end: "",
  cut_sequence: 1,
  cut_published_at: 0,
  sql: "",
  notes: [],
  segments: [],
  segments_at: null,
  way: "sql",
  by: ["os"],
  buckets: BUCKETS,
  previous_buckets: BUCKETS,
  rows: [row(null, null, 9), row(null, "Linux", 5), row(null, "iOS", 4), row(null, "iOS", 3, true), row(0, "Linux", 5), row(1, "iOS", 4)],
};
const QUESTION = { series: [{ event: "view", measure: "visitors" }], by: ["os"] } as const;

test("over time each bucket is a point; as shares the groups of the whole range, each opening to its own", () => {
  expect(charted(ANSWER, QUESTION).data.rows).toEqual([
    ["2026-11-01T00:00:00", "Linux", 5],
    ["2026-11-02T00:00:00", "iOS", 4],
  ]);
  const { data, openings } = charted(ANSWER, QUESTION, true);
  expect(data.rows).toEqual([
    ["Linux", "Linux", 5],
    ["iOS", "iOS", 4],
  ]);
  expect(openings.map((one) => [one?.cell, one?.count])).toEqual([
    ["null Linux false", 5],
    ["null iOS false", 4],
  ]);
});
