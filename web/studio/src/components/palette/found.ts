/** Something that can be gone to. */
export type Target = { readonly kind: "Page" | "Dashboard" | "Report" | "Event"; readonly title: string; readonly to: string };

const SHOWN_MAX = 12;

/** Targets whose name has every word that was typed; those that begin with it first, else in their order. */
export function foundIn(targets: readonly Target[], typed: string): readonly Target[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const [first = ""] = words;
  const matching = targets.filter(({ kind, title }) => words.every((word) => `${title} ${kind}`.toLowerCase().includes(word)));
  const rank = ({ title }: Target) => (title.toLowerCase().startsWith(first) ? 0 : 1);
  return matching.toSorted((left, right) => rank(left) - rank(right)).slice(0, SHOWN_MAX);
}
