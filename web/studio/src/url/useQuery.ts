import { useCallback, useSyncExternalStore } from "react";

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
type Step = "push" | "replace";

/** One value of the address's query; "" when it is not there. The address is the state. */
export function useQueryValue(name: string): [string, (value: string, step?: Step) => void] {
  const value = useSyncExternalStore(subscribe, () => new URLSearchParams(window.location.search).get(name) ?? "");
  const set = useCallback(
    (next: string, step: Step = "replace") => {
      const query = new URLSearchParams(window.location.search);
      if (next) query.set(name, next);
      else query.delete(name);
      const search = query.toString();
      const address = `${window.location.pathname}${search ? `?${search}` : ""}`;
      if (step === "push") window.history.pushState(null, "", address);
      else window.history.replaceState(null, "", address);
      window.dispatchEvent(new Event(CHANGED));
    },
    [name],
  );
  return [value, set];
}
