import { useCallback, useMemo, useSyncExternalStore } from "react";

const CHANGED = "footfall:address";

function subscribe(onChange: () => void): () => void {
  window.addEventListener("popstate", onChange);
  window.addEventListener(CHANGED, onChange);
  return () => {
    window.removeEventListener("popstate", onChange);
    window.removeEventListener(CHANGED, onChange);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

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
  const address = `${window.location.pathname}${search ? `?${search}` : ""}`;
  if (step === "push") window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
  window.dispatchEvent(new Event(CHANGED));
}

function valuesOf(name: string): string {
  return JSON.stringify(new URLSearchParams(window.location.search).getAll(name));
}

/** All values of one name; a text of JSON until it is read, so that an unchanged list is the same list. */
export function useQueryValues(name: string): readonly string[] {
  const text = useSyncExternalStore(subscribe, () => valuesOf(name));
  return useMemo(() => textsIn(JSON.parse(text)), [text]);
}

function textsIn(values: unknown): readonly string[] {
  return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
}

/** One value of the address's query; "" when it is not there. The address is the state. */
export function useQueryValue(name: string): [string, (value: string, step?: Step) => void] {
  const value = useSyncExternalStore(subscribe, () => new URLSearchParams(window.location.search).get(name) ?? "");
  const set = useCallback((next: string, step: Step = "replace") => changeQuery({ [name]: next }, step), [name]);
  return [value, set];
}
