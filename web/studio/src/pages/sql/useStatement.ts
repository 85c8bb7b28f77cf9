import { useState } from "react";
import { changeQuery, useQueryValue } from "../../router/query";

/** Characters of a statement in the address, as it is written there; servers refuse much longer ones. */
export const ADDRESS_CHARS_MAX = 6_000;

type Statement = {
  /** What was asked last; "" is nothing yet. */
  readonly asked: string;
  /** Whether the address brings it back. */
  readonly isInAddress: boolean;
  readonly ask: (sql: string) => void;
};

/** The statement whose answer is shown: that of the address, unless it is too long for one. */
export function useStatement(): Statement {
  const [inAddress] = useQueryValue("q");
  const [long, setLong] = useState("");
  const ask = (sql: string) => {
    const fits = encodeURIComponent(sql).length <= ADDRESS_CHARS_MAX;
    setLong(fits ? "" : sql);
    const q = fits ? sql : "";
    if (q !== inAddress) changeQuery({ q }, "push");
  };
  return { asked: inAddress || long, isInAddress: inAddress !== "", ask };
}
