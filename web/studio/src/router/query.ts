import { useCallback, useMemo } from "react";
import { navigate, useLocationProperty } from "wouter/use-browser-location";

/** Whether Back undoes the change (an opened drawer) or skips it (a typed letter). */
export type Step = "push" | "replace";

/** New values by name; "" or an empty list takes a name out of the address. */
export type QueryChanges = Readonly<Record<string, string | readonly string[]>>;

/** Change some values of the address's query, in one step. */
export function changeQuery(changes: QueryChanges, step: Step): void {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of typeof value === "string" ? [value] : value) if (each) query.append(name, each);
  }
  const search = query.toString();
  // What is behind # stays: of a link it is the token.
  navigate(`${window.location.pathname}${search ? `?${search}` : ""}${window.location.hash}`, { replace: step === "replace" });
}

function valuesOf(name: string): string {
  return JSON.stringify(new URLSearchParams(window.location.search).getAll(name));
}

/** All values of one name; a text of JSON until it is read, so that an unchanged list is the same list. */
export function useQueryValues(name: string): readonly string[] {
  const text = useLocationProperty(() => valuesOf(name));
  return useMemo(() => textsIn(JSON.parse(text)), [text]);
}

function textsIn(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
}

/** One value of the address's query; "" when it is not there. The address is the state. */
export function useQueryValue(name: string): [string, (value: string, step?: Step) => void] {
  const value = useLocationProperty(() => new URLSearchParams(window.location.search).get(name) ?? "");
  const set = useCallback((next: string, step: Step = "replace") => changeQuery({ [name]: next }, step), [name]);
  return [value, set];
}
