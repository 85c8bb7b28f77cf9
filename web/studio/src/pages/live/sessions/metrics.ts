import type { LiveSessions, SessionMeter } from "../../../api/generated";

/** As many as the snapshot is about; the last one is not over and left out. */
const SECONDS = 300;

/** What happened to the sessions of one definition, over all apps. */
export type Metrics = {
  readonly started: number;
  readonly closed: number;
  readonly repaired: number;
  /** Mean duration of the sessions that closed in each second, in seconds; null where none did. */
  readonly duration: readonly (number | null)[];
  /** Mean of their events. */
  readonly events: readonly (number | null)[];
  /** Mean over all that closed in the five minutes; null when none did. */
  readonly meanSeconds: number | null;
  readonly meanEvents: number | null;
};

export function definitionsOf(sessions: LiveSessions): readonly string[] {
  return [...new Set(sessions.meters.map(({ definition }) => definition))];
}

export function metricsOf(sessions: LiveSessions, definition: string): Metrics {
  const meters = sessions.meters.filter((meter) => meter.definition === definition);
  const closed = bySecond(meters, "closed");
  const duration = bySecond(meters, "duration_ms").map((ms) => ms / 1000);
  const events = bySecond(meters, "events");
  return {
    started: sum(bySecond(meters, "started")),
    closed: sum(closed),
    repaired: sum(bySecond(meters, "repaired")),
    duration: duration.map((value, at) => mean(value, closed[at] ?? 0)).slice(0, -1),
    events: events.map((value, at) => mean(value, closed[at] ?? 0)).slice(0, -1),
    meanSeconds: mean(sum(duration), sum(closed)),
    meanEvents: mean(sum(events), sum(closed)),
  };
}

function bySecond(
  meters: readonly SessionMeter[],
  name: "started" | "closed" | "repaired" | "duration_ms" | "events",
): readonly number[] {
  const found = Array.from({ length: SECONDS }, () => 0);
  for (const { seconds } of meters) {
    seconds.at?.forEach((at, place) => {
      if (at >= 0 && at < SECONDS) found[at] = (found[at] ?? 0) + (seconds[name]?.[place] ?? 0);
    });
  }
  return found;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(total: number, count: number): number | null {
  return count > 0 ? total / count : null;
}
