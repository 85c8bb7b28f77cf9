import { createContext, type ReactNode, use, useEffect, useReducer } from "react";
import { follow } from "./connection";
import { type LiveState, nextState } from "./state";

const LiveContext = createContext<LiveState>({ kind: "loading" });

/** One connection for all pages: the header says whether it is fresh, the Live page shows what it brings. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [state, tell] = useReducer(nextState, { kind: "loading" });
  useEffect(() => follow(tell), []);
  return <LiveContext value={state}>{children}</LiveContext>;
}

export function useLive(): LiveState {
  return use(LiveContext);
}
