import { useMemo, useState } from "react";
import { changeQuery, useQueryValue } from "../../router/query";
import { type Asked, NOTHING } from "./api";

/** Characters of a statement in the address, as it is written there; servers refuse much longer ones. */
export const ADDRESS_CHARS_MAX = 6_000;

type Statement = {
  /** What was asked last; a statement "" is nothing yet. */
  readonly asked: Asked;
  /** Whether the address brings it back. */
  readonly isInAddress: boolean;
  readonly ask: (asked: Asked) => void;
};

/** The statement whose answer is shown: that of the address, unless it is too long for one. */
export function useStatement(): Statement {
  const [inAddress] = useQueryValue("q");
  const [saved] = useQueryValue("saved");
  const [values] = useQueryValue("values");
  const [long, setLong] = useState(NOTHING);
  const ask = (next: Asked) => {
    const fits = encodeURIComponent(next.sql).length <= ADDRESS_CHARS_MAX;
    setLong(fits ? NOTHING : next);
    const changes = fits ? inQuery(next) : inQuery(NOTHING);
    if (changes.q !== inAddress || changes.saved !== saved || changes.values !== values) changeQuery(changes, "push");
  };
  const asked = useMemo(() => (inAddress === "" ? long : { sql: inAddress, saved, values: valuesIn(values) }), [inAddress, saved, values, long]);
  return { asked, isInAddress: inAddress !== "", ask };
}

/** As the address has it; a query without values leaves them out. */
function inQuery({ sql, saved, values }: Asked) {
  return { q: sql, saved, values: Object.keys(values).length === 0 ? "" : JSON.stringify(values) };
}

/** Values of the address; anything else there is none. */
function valuesIn(text: string): Readonly<Record<string, string>> {
  try {
    const found: unknown = JSON.parse(text || "{}");
    if (typeof found !== "object" || found === null) return {};
    return Object.fromEntries(Object.entries(found).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
  } catch {
    return {};
  }
}
