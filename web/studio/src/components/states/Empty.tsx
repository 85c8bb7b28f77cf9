import type { ReactNode } from "react";
import { StatePanel } from "./StatePanel";

type Props = { readonly title: string; readonly level?: 1 | 2 | 3; readonly children: ReactNode };

/** Nothing is there: why, and what brings something. */
export function Empty({ title, level = 2, children }: Props) {
  return (
    <StatePanel title={title} level={level}>
      {children}
    </StatePanel>
  );
}
