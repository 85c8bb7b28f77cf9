import { useCallback, useMemo } from "react";
import { changeQuery, type Step, useQueryValue } from "../../../router/query";
import { type Asked, formatAsked, parseAsked } from "./question";

/** The question that the address has, and what changes it; Back undoes the change. */
export function useAsked(): { readonly asked: Asked; readonly isBroken: boolean; readonly ask: (asked: Asked, step?: Step) => void } {
  const [model] = useQueryValue("model");
  const [text] = useQueryValue("q");
  const found = useMemo(() => parseAsked(model, text), [model, text]);
  const ask = useCallback((asked: Asked, step: Step = "push") => changeQuery({ ...formatAsked(asked), cell: "" }, step), []);
  return { ...found, ask };
}
