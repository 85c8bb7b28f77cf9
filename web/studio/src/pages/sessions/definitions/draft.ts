import type { Options } from "./api";

export type Kind = "gap" | "step" | "day" | "client";

/** What a form holds of a definition, by option. */
export type Draft = Readonly<Record<string, string | boolean | readonly string[]>>;

const OF: Record<Kind, readonly string[]> = {
  gap: [
    "gap",
    "length_max",
    "events_max",
    "cut_on_user",
    "cut_on_campaign",
    "cut_at_midnight",
    "time_zone",
    "keep_alive",
  ],
  step: ["step"],
  day: ["time_zone"],
  client: ["gap", "length_max", "events_max", "keep_alive"],
};

/** Whether a definition of this kind can be told this, besides its key and `not_interaction`. */
export function hasOption(kind: Kind, option: string): boolean {
  return OF[kind].includes(option);
}

/** What the draft says of a definition of this kind; what was left empty is as in the settings. */
export function optionsOf(kind: Kind, draft: Draft): Options {
  const given = [...OF[kind], "key", "not_interaction"].flatMap((name) => {
    const value = draft[name];
    if (value === undefined || value === false) return [];
    if (value !== true && value.length === 0) return [];
    const isCount = name === "events_max" && typeof value === "string" && /^\d+$/.test(value);
    return [[name, isCount ? Number(value) : value] as const];
  });
  return { kind, ...Object.fromEntries(given) };
}
