import type { KeptSegment, SegmentRule } from "../../../api/generated";
import type { Field } from "../../../components/filters/filters";

/** What rules choose from. */
export type Offered = { readonly names: readonly string[]; readonly fields: readonly Field[]; readonly segments: readonly KeptSegment[] };

export type Word = "all" | "any" | "none";
export type Form = "did" | "did_not" | "sequence" | "has" | "segment" | "behind" | "group";

export const WORDS = { all: "All of these hold", any: "Any of these holds", none: "None of these holds" } as const;

export const FORMS = { did: "Did", did_not: "Did not do", sequence: "Did in order", has: "Has a value", segment: "Is in a segment" } as const;

/** A rule as a group, whatever it was. */
export function asGroup(rule: SegmentRule): SegmentRule {
  return formOf(rule) === "group" ? rule : { all: [rule] };
}

export function groupOf(rule: SegmentRule): { readonly word: Word; readonly parts: readonly SegmentRule[] } {
  if (rule.any) return { word: "any", parts: rule.any };
  if (rule.none) return { word: "none", parts: rule.none };
  return { word: "all", parts: rule.all ?? [] };
}

/** Which form a rule has; not having done something is a form of its own, for people. */
export function formOf(rule: SegmentRule): Form {
  if (rule.did) return "did";
  if (rule.sequence) return "sequence";
  if (rule.has) return "has";
  if (typeof rule.segment === "string") return "segment";
  if (rule.behind) return "behind";
  const [only, ...more] = rule.none ?? [];
  if (only?.did && more.length === 0) return "did_not";
  return "group";
}

/** A new rule of a form. */
export function ruleOf(form: Form, offered: Offered): SegmentRule {
  const event = offered.names[0] ?? null;
  const range = { last: 30, unit: "day" } as const;
  switch (form) {
    case "did":
      return { did: { event, range } };
    case "did_not":
      return { none: [{ did: { event, range } }] };
    case "sequence":
      return { sequence: { steps: [{ event }, { event: offered.names[1] ?? event }], window: "7d" } };
    case "has":
      return { has: { field: offered.fields[0]?.name ?? "source", op: "is_set" } };
    case "segment":
      return { segment: offered.segments[0]?.name ?? "" };
    case "behind":
    case "group":
      return { any: [{ did: { event, range } }, { did: { event: offered.names[1] ?? event, range } }] };
  }
}
