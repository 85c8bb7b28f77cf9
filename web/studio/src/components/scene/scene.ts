import type { EventsQuestion } from "../../api/generated";

export type Compare = NonNullable<EventsQuestion["compare"]>;
export type Granularity = NonNullable<EventsQuestion["granularity"]>;

/** What numbers are compared with. */
export const COMPARED: Readonly<Record<Compare, string>> = { none: "Not compared", previous: "Period before", year: "Same dates last year" };

export const UNITS: Readonly<Record<Granularity, string>> = { hour: "By hour", day: "By day", week: "By week", month: "By month" };

/** The compared range in a sentence; null where there is none. */
export function comparedWords(compare: Compare): string | null {
  if (compare === "none") return null;
  return compare === "year" ? "Compared with the same dates a year before" : "Compared with the range of the same length before";
}

export function isCompare(text: string): text is Compare {
  return Object.hasOwn(COMPARED, text);
}

export function isGranularity(text: string): text is Granularity {
  return Object.hasOwn(UNITS, text);
}
