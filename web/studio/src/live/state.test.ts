import { expect, test } from "vitest";
import { snapshot } from "../testing/builders";
import { type LiveState, nextState, SILENT_MS } from "./state";

const first = snapshot({ at: 1 });
const live: LiveState = { kind: "live", snapshot: first, heardAt: 1_000 };

test("a snapshot makes every state live", () => {
  const states: LiveState[] = [
    { kind: "loading" },
    { kind: "waiting" },
    { kind: "reconnecting", snapshot: null, heardAt: null },
    { ...live, kind: "stalled" },
  ];
  for (const state of states) {
    expect(nextState(state, { kind: "snapshot", snapshot: first, now: 1_000 })).toEqual(live);
  }
});

test("a lost connection keeps the last numbers, and is not lost twice", () => {
  const lost = nextState(live, { kind: "lost" });
  expect(lost).toEqual({ kind: "reconnecting", snapshot: first, heardAt: 1_000 });
  expect(nextState(lost, { kind: "lost" })).toBe(lost);
});

test("silence is told from a lost connection, after its time", () => {
  expect(nextState(live, { kind: "tick", now: 1_000 + SILENT_MS })).toBe(live);
  expect(nextState(live, { kind: "tick", now: 1_001 + SILENT_MS })).toEqual({ ...live, kind: "stalled" });
  expect(nextState({ kind: "loading" }, { kind: "tick", now: 1e9 })).toEqual({ kind: "loading" });
});

test("a server without numbers is waiting, but numbers that were there stay", () => {
  expect(nextState({ kind: "loading" }, { kind: "nothing_yet" })).toEqual({ kind: "waiting" });
  expect(nextState(live, { kind: "nothing_yet" })).toBe(live);
});

test("signed out stays signed out when the stream ends", () => {
  const out = nextState(live, { kind: "signed_out" });
  expect(nextState(out, { kind: "lost" })).toEqual({ kind: "signed_out" });
});
