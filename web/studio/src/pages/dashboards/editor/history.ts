import { useCallback, useReducer } from "react";

const PAST_MAX = 100;

type History<T> = { readonly past: readonly T[]; readonly now: T; readonly future: readonly T[]; readonly tag: string };

type Action<T> =
  /** Changes of one tag in a row, such as letters of a title, are undone together. */
  { readonly kind: "change"; readonly to: T; readonly tag: string } | { readonly kind: "undo" } | { readonly kind: "redo" };

export function next<T>(history: History<T>, action: Action<T>): History<T> {
  const { past, now, future, tag } = history;
  switch (action.kind) {
    case "change":
      if (action.to === now) return history;
      if (action.tag !== "" && action.tag === tag) return { past, now: action.to, future: [], tag };
      return { past: [...past.slice(-PAST_MAX + 1), now], now: action.to, future: [], tag: action.tag };
    case "undo": {
      const last = past.at(-1);
      return last === undefined ? history : { past: past.slice(0, -1), now: last, future: [now, ...future], tag: "" };
    }
    case "redo": {
      const [first, ...rest] = future;
      return first === undefined ? history : { past: [...past, now], now: first, future: rest, tag: "" };
    }
  }
}

/** Something that is edited, with all steps back and forth. */
export function useHistory<T>(first: T) {
  const [history, act] = useReducer(next<T>, { past: [], now: first, future: [], tag: "" });
  return {
    now: history.now,
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    change: useCallback((to: T, tag = "") => act({ kind: "change", to, tag }), []),
    undo: useCallback(() => act({ kind: "undo" }), []),
    redo: useCallback(() => act({ kind: "redo" }), []),
  };
}
