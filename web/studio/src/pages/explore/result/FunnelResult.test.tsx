import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { FunnelAnswer } from "../../../api/generated";
import { show } from "../../../testing/render";
import { FunnelResult } from "./FunnelResult";

const row = (group: readonly (string | null)[], step: number, count: number, scope: "group" | "rest" = "group") => ({ scope, group, step, label: "view", count, of_first: 1, of_previous: null, dropped: 0, cell: "", dropped_cell: null });

test("groups stand by the size of their first step, the rest last", () => {
  const rows = [row(["tablet"], 1, 3), row([], 1, 90, "rest"), row(["mobile"], 1, 40), row(["desktop"], 1, 50), row(["desktop"], 2, 1), row(["mobile"], 2, 30)];
  const answer: FunnelAnswer = { start: "", end: "", by: ["device"], notes: [], sql: "", cut_sequence: 1, cut_published_at: 0, speeds: [], times: [], rows };
  show(<FunnelResult answer={answer} group="" onOpen={() => {}} />);
  const heads = within(screen.getByRole("region", { name: "Steps by group" })).getAllByRole("rowheader");
  expect(heads.map(({ textContent }) => textContent)).toEqual(["desktop", "mobile", "tablet", "all others"]);
});
