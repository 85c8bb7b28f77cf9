import { SERIES_COLOURS } from "./palette";

const KEPT_MAX = 1_000;

/** Which colour each value has on every page, from the first time that it is drawn. */
const slots = new Map<string, number>();

/** The place that a value would like: the same in every browser. */
function wanted(value: string): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < value.length; at += 1) hash = Math.imul(hash ^ value.charCodeAt(at), 16_777_619);
  return (hash >>> 0) % SERIES_COLOURS;
}

function free(value: string, taken: ReadonlySet<number>): number {
  const first = wanted(value);
  for (let step = 0; step < SERIES_COLOURS; step += 1) {
    const slot = (first + step) % SERIES_COLOURS;
    if (!taken.has(slot)) return slot;
  }
  return first;
}

/**
 * Places in the palette for the values of one chart. A value keeps its colour everywhere; those that are new take one
 * that the chart does not have yet, as long as there are enough.
 */
export function slotsOf(values: readonly string[]): ReadonlyMap<string, number> {
  if (slots.size > KEPT_MAX) slots.clear();
  const taken = new Set(values.map((value) => slots.get(value)).filter((slot) => slot !== undefined));
  for (const value of values) {
    if (slots.has(value)) continue;
    const slot = free(value, taken);
    slots.set(value, slot);
    taken.add(slot);
  }
  return new Map(values.map((value) => [value, slots.get(value) ?? 0]));
}
