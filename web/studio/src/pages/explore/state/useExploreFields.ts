import { useMemo } from "react";
import type { Field, Kind } from "../../../components/filters/filters";
import { useFields, useFilterFields } from "../../dashboards/fields/useFields";

const KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/\[\]$/, "list"],
  [/^BOOLEAN/, "boolean"],
  [/^TIMESTAMP/, "time"],
  [/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/, "number"],
];

/** Fields that a question may name: columns of events, properties, and those of the event's session. */
export function useExploreFields(): readonly Field[] {
  const events = useFilterFields();
  const sessions = useFields("sessions");
  return useMemo(() => {
    const own = sessions.map(({ name, type }) => {
      const full = `session.${name}`;
      return { name: full, label: full, kind: KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? ("text" as const) };
    });
    return [...events, ...own];
    // Both are new arrays on each drawing, and the same as long as they are as long.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [events.length, sessions.length]);
}
