import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { RetentionAnswer, RetentionRow } from "../../../api/generated";
import { show } from "../../../testing/render";
import { RetentionResult } from "./RetentionResult";

const row = (cohort: number | null, rate: number | null): RetentionRow => ({ scope: "all", group: [], cohort, period: 0, count: 2, size: 2, observed: rate === null ? 0 : 2, rate, is_complete: rate !== null, cell: "", size_cell: "", observed_cell: "" });

function showRates(all: number | null, own: number | null) {
  const cohorts = [{ start: "2026-10-01T00:00:00Z", end: "2026-10-02T00:00:00Z", is_complete: false }];
  const answer: RetentionAnswer = { start: "", end: "", by: [], cohorts, sql: "", cut_sequence: 1, cut_published_at: 0, rows: [row(null, all), row(0, own)] };
  show(<RetentionResult answer={answer} group="" unitName="day" onOpen={() => {}} />);
}

test("on the first day a sentence stands where the curve will be, and the cohorts are there", () => {
  showRates(null, 1);
  screen.getByText(/No day is over yet/);
  expect(screen.queryByRole("img")).toBeNull();
  screen.getByRole("region", { name: "Cohorts" });
});

test("the curve is there once a day is over", () => {
  showRates(0.5, 0.5);
  expect(screen.queryByText(/No day is over yet/)).toBeNull();
  screen.getByRole("img", { name: /Share that came back/ });
});
