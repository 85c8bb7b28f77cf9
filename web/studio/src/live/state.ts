import type { LiveSnapshot } from "../api/generated";

/** What the live page knows. Each kind is drawn in its own way; a page that lost its connection keeps its numbers. */
export type LiveState =
  | { readonly kind: "loading" }
  | { readonly kind: "waiting" }
  | { readonly kind: "live"; readonly snapshot: LiveSnapshot; readonly heardAt: number }
  | { readonly kind: "stalled"; readonly snapshot: LiveSnapshot; readonly heardAt: number }
  | { readonly kind: "reconnecting"; readonly snapshot: LiveSnapshot | null; readonly heardAt: number | null }
  | { readonly kind: "signed_out" };

export type LiveChange =
  | { readonly kind: "snapshot"; readonly snapshot: LiveSnapshot; readonly now: number }
  | { readonly kind: "nothing_yet" }
  | { readonly kind: "tick"; readonly now: number }
  | { readonly kind: "lost" }
  | { readonly kind: "signed_out" };

/** Milliseconds without a new snapshot after which the pipeline is said to be silent; it writes each second. */
export const SILENT_MS = 5_000;

export function lastSnapshot(state: LiveState): LiveSnapshot | null {
  return "snapshot" in state ? state.snapshot : null;
}

function heardAt(state: LiveState): number | null {
  return "heardAt" in state ? state.heardAt : null;
}

export function nextState(state: LiveState, change: LiveChange): LiveState {
  switch (change.kind) {
    case "snapshot":
      return { kind: "live", snapshot: change.snapshot, heardAt: change.now };
    case "nothing_yet":
      return lastSnapshot(state) ? state : { kind: "waiting" };
    case "tick":
      return state.kind === "live" && change.now - state.heardAt > SILENT_MS ? { ...state, kind: "stalled" } : state;
    case "lost":
      if (state.kind === "reconnecting" || state.kind === "signed_out") return state;
      return { kind: "reconnecting", snapshot: lastSnapshot(state), heardAt: heardAt(state) };
    case "signed_out":
      return { kind: "signed_out" };
  }
}
