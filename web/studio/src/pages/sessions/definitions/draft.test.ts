import { expect, test } from "vitest";
import { optionsOf } from "./draft";
import { changeOf } from "./DiffTable";
import { whyOf } from "../../../components/session/BeforeList";

test("what was left empty, or is of another kind, is not told", () => {
  const draft = { gap: "5m", step: "30s", events_max: "300", cut_at_midnight: true, cut_on_campaign: false, key: [], length_max: "" };
  expect(optionsOf("gap", draft)).toEqual({ kind: "gap", gap: "5m", events_max: 300, cut_at_midnight: true });
  expect(optionsOf("step", { ...draft, key: ["user_id"] })).toEqual({ kind: "step", step: "30s", key: ["user_id"] });
  expect(optionsOf("client", { events_max: "many" })).toEqual({ kind: "client", events_max: "many" });
});

test("a change is said with its sign, and not where there is nothing to compare with", () => {
  expect(changeOf(4, 5)).toBe("+25 %");
  expect(changeOf(40, 10)).toBe("−75 %");
  expect([changeOf(0, 5), changeOf(null, 5), changeOf(5, 5)]).toEqual(["", "", "0 %"]);
});

test("a session that is no more says what became of it, and how many late events did it", () => {
  const one = { session_id: "a", revision: 1, started_at: 0, ended_at: 1, events: 1, duration_ms: 0, is_bounced: true, epoch: 5 };
  const came = [4, 5, 7, 9].map((epoch) => ({
    request_id: `${epoch}`,
    request_index: 0,
    log_offset: 0,
    event_time: 0,
    received_at: 0,
    event_name: "e",
    page: null,
    page_title: null,
    is_late: true,
    epoch,
  }));
  expect(whyOf({ ...one, replaced_in: 7, is_withdrawn: false }, came)).toBe("Revision 1, until a late event changed it");
  expect(whyOf({ ...one, replaced_in: 9, is_withdrawn: true }, came)).toBe("Gone: 2 late events joined, renamed or split it");
  expect(whyOf({ ...one, replaced_in: 9, is_withdrawn: true }, undefined)).toContain("Gone: late events");
});
