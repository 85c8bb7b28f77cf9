import { expect, test } from "vitest";
import type { LiveSessions, SessionMeter } from "../../../api/generated";
import { definitionsOf, metricsOf } from "./metrics";

function meter(definition: string, changes: SessionMeter["seconds"]): SessionMeter {
  const none = { counts: [], sum: 0 };
  return {
    definition,
    app_id: "shop",
    open: 0,
    closed: 0,
    repaired: 0,
    provisional: 0,
    duration: none,
    events: none,
    seconds: changes,
  };
}

const SESSIONS: LiveSessions = {
  since_epoch: 1,
  to_epoch: 2,
  from_us: 0,
  is_whole: true,
  meters: [
    meter("gap", { at: [0, 7], started: [3, 0], closed: [0, 2], repaired: [0, 1], duration_ms: [0, 6000], events: [0, 8] }),
    meter("gap", { at: [7], started: [0], closed: [1], repaired: [0], duration_ms: [3000], events: [1] }),
    meter("day", { at: [1], started: [0], closed: [9], repaired: [0], duration_ms: [0], events: [9] }),
  ],
};

test("means of a second are over the sessions of all apps of one definition", () => {
  const found = metricsOf(SESSIONS, "gap");
  expect(definitionsOf(SESSIONS)).toEqual(["gap", "day"]);
  expect([found.started, found.closed, found.repaired]).toEqual([3, 3, 1]);
  expect([found.duration[7], found.events[7], found.duration[0]]).toEqual([3, 3, null]);
  expect([found.meanSeconds, found.meanEvents]).toEqual([3, 3]);
  expect(found.duration).toHaveLength(299);
  expect(metricsOf(SESSIONS, "none").meanSeconds).toBeNull();
});
