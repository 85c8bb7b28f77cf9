import { flushSync } from "react-dom";

/** Attributes of a list whose parts can be removed, of each part, and of the button that adds one. */
export const LIST = { "data-list": "" } as const;
export const PART = { "data-part": "" } as const;
export const ADDS = { "data-adds": "" } as const;
/** Of the buttons of a part that stand for it, the one that removes it first. */
export const TOOL = { "data-tool": "" } as const;
export const REMOVES = { "data-removes": "" } as const;

/**
 * Removes the part that a button is of. The focus, which would be lost with the button, goes to the same button of the
 * part that took its place, or of the one before; where nothing is left, to the button that adds one.
 */
export function removed(pressed: Element, remove: () => void): void {
  const places: { readonly list: Element; readonly at: number }[] = [];
  for (let list = pressed.closest("[data-list]"); list; list = list.parentElement?.closest("[data-list]") ?? null) {
    places.push({ list, at: partsOf(list).findIndex((part) => part.contains(pressed)) });
  }
  flushSync(remove);
  // Lists know their parts by place: the button may be the next part's by now.
  if (pressed.isConnected && !pressed.matches(":disabled")) return;
  const place = places.find(({ list }) => list.isConnected);
  if (!place) return;
  const parts = partsOf(place.list);
  const next = parts[Math.min(place.at, parts.length - 1)];
  const found = next && (first(next, "[data-part]", "[data-removes]:not(:disabled)") ?? first(next, "[data-part]", "[data-tool]:not(:disabled)") ?? next.querySelector<HTMLElement>("[data-removes]:not(:disabled)"));
  (found ?? first(place.list, "[data-list]", "[data-adds]:not(:disabled)"))?.focus();
}

function partsOf(list: Element): readonly Element[] {
  return [...list.querySelectorAll("[data-part]")].filter((part) => part.parentElement?.closest("[data-list]") === list);
}

/** The first such element within, which is not within a further one. */
function first(within: Element, owner: string, wanted: string): HTMLElement | undefined {
  return [...within.querySelectorAll<HTMLElement>(wanted)].find((one) => one.closest(owner) === within);
}
