import { expect, test } from "vitest";
import type { Firing, RuleView } from "../../api/generated";
import { toldOf, whatOf } from "./history/HistoryList";
import { optionsOf } from "./rules/RuleForm";
import { saidOf } from "./rules/words";

function rule(kind: string, options: RuleView["options"]): RuleView {
  return { name: "r", kind, options, is_declared: false, muted_until: 0, evaluated_to: 0, problem: "" };
}

test("a rule is said in one line, by its kind", () => {
  expect(saidOf(rule("session", { when: "events > 3", app: "web" }))).toBe("a session of web with events > 3");
  expect(saidOf(rule("metric", { measure: "absence", window: "30m" }))).toBe("no events for 30m");
  expect(saidOf(rule("metric", { measure: "quantile", of: "value", above: 3 }))).toBe("quantile of value over events in 5m, above 3");
  expect(saidOf(rule("anomaly", {}))).toBe("count over events in 5m, unlike past weeks");
});

test("a draft says only what its kind can be told, and nothing that was left empty", () => {
  const draft = { when: "true", window: "5m", above: 3, below: "", channels: ["ops"] };
  expect(optionsOf("session", draft)).toEqual({ kind: "session", when: "true", channels: ["ops"] });
  expect(optionsOf("metric", draft)).toEqual({ kind: "metric", window: "5m", above: 3, channels: ["ops"] });
});

test("a firing tells what it was and who heard of it last", () => {
  const notice = { delivery_id: "d", channel: "ops", tries: 1, error: "", sent_at: null };
  const firing: Firing = {
    delivery_id: "d", rule: "r", subject: "s", app_id: "web", at: 0, noted_at: 0, state: "firing", quiet: "",
    details: { duration_ms: 1500, events: 1, entry_page: "/a" }, acknowledged_at: null, acknowledged_by: "",
    notices: [{ ...notice, sequence: 1, state: "sent" }, { ...notice, sequence: 2, state: "waiting" }],
  };
  expect(whatOf(firing)).toBe("1.5 s, 1 event, from /a");
  expect(toldOf(firing)).toBe("ops (waiting)");
  expect(toldOf({ ...firing, quiet: "muted" })).toBe("muted");
  expect(whatOf({ ...firing, details: { window_end: 1, value: 7, expected: 100 } })).toBe("7, usually 100");
});
