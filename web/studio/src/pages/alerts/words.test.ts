import { expect, test } from "vitest";
import type { Firing, RuleView } from "../../api/generated";
import { toldOf, whatOf } from "./history/HistoryList";
import { changesOf, draftOf, optionsOf } from "./rules/RuleForm";
import { saidOf, spanOf } from "./rules/words";

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

test("a rule that is changed keeps what the form does not show, and loses what was emptied", () => {
  const options = { kind: "anomaly", measure: "quantile", of: "value", window: "1h", channels: ["ops"], enabled: false, weeks: 6, above: null };
  const draft = draftOf(rule("anomaly", options));
  expect(draft).toEqual({ kind: "anomaly", measure: "quantile", of: "value", window: "1h", channels: ["ops"], weeks: 6 });
  const changed = changesOf("anomaly", { ...draft, measure: "count", window: "" });
  expect(changed).toMatchObject({ kind: "anomaly", measure: "count", of: null, quantile: null, window: null, weeks: 6, channels: ["ops"] });
  expect("enabled" in changed).toBe(false);
  const gone = changesOf("metric", { measure: "absence", above: 3, window: "5m" });
  expect(gone).toMatchObject({ kind: "metric", measure: "absence", above: null, window: "5m" });
});

test("a back-test begins with a span that has no more windows than are looked at", () => {
  expect(spanOf("metric", { window: "10s" })).toBe("1d");
  expect(spanOf("metric", { window: "5m" })).toBe("7d");
  expect(spanOf("anomaly", { window: "5m", every: "30s" })).toBe("1d");
  expect(spanOf("session", {})).toBe("7d");
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
  expect(whatOf({ ...firing, details: { window_end: 1, value: 0, rows: 0 } })).toBe("nothing came");
});
