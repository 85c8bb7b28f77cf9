import { has, read, type Shape } from "../../api/client";
import type { EventsAnswer, Range } from "../../api/generated";
import type { Field } from "./filters";

/** Where values that data has come from, for whoever types one. */
export type ValueSource = {
  /** Tells it from others. */
  readonly name: string;
  /** Those that have the text in them, those of most rows first. */
  readonly read: (field: Field, text: string, signal: AbortSignal) => Promise<readonly string[]>;
};

const SHOWN = 20;
const isAnswer: Shape<EventsAnswer> = (value): value is EventsAnswer => has(value, "rows", "buckets");

/** Values of fields of questions: events, their properties, their sessions (`session.`). */
export const QUESTION_VALUES: ValueSource = { name: "question", read: (field, text, signal) => readValues(field.name, text, signal) };

/** Values of columns of sessions. */
export const SESSION_VALUES: ValueSource = { name: "session", read: (field, text, signal) => readValues(`session.${field.name}`, text, signal) };

/** Most data is found in its newest part; a project of old data only is looked through as a whole. */
const RANGES = [
  { last: 90, unit: "day" },
  { last: 120, unit: "month" },
] as const;

async function readValues(field: string, text: string, signal: AbortSignal): Promise<readonly string[]> {
  for (const range of RANGES) {
    // The second is asked only where the first has nothing.
    // oxlint-disable-next-line no-await-in-loop
    const found = await valuesWithin(range, field, text, signal);
    if (found.length > 0) return found;
  }
  return [];
}

async function valuesWithin(range: Range, field: string, text: string, signal: AbortSignal): Promise<readonly string[]> {
  const body = {
    series: [{ measure: "events" }],
    by: [field],
    top: SHOWN,
    granularity: "month",
    range,
    bots: "include",
    where: text ? { field, op: "contains", value: text } : { field, op: "is_set" },
  };
  const { rows } = await read("/api/explore/events", isAnswer, { signal, body });
  return rows
    .filter(({ scope, bucket }) => scope === "group" && bucket === null)
    .toSorted((left, right) => (right.value ?? 0) - (left.value ?? 0))
    .flatMap(({ group }) => group[0] ?? []);
}
