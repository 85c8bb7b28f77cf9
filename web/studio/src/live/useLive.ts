import { useEffect, useReducer } from "react";
import { follow } from "./connection";
import { type LiveState, nextState } from "./state";

export function useLive(): LiveState {
  const [state, tell] = useReducer(nextState, { kind: "loading" });
  useEffect(() => follow(tell), []);
  return state;
}
