import type { ReactNode } from "react";
import css from "./StatePanel.module.css";

type Props = {
  readonly title: string;
  readonly children: ReactNode;
  readonly tone?: "calm" | "failure";
  /** 1 for a whole page; 2 or 3 where it stands in one that has its heading. */
  readonly level?: 1 | 2 | 3;
};

const HEADINGS = { 1: "h1", 2: "h2", 3: "h3" } as const;

/** Instead of content: what is the case, why, and what to do. The ground of the other states. */
export function StatePanel({ title, children, tone = "calm", level = 1 }: Props) {
  const Heading = HEADINGS[level];
  return (
    <section className={css.panel} data-tone={tone} data-level={level} role={tone === "failure" ? "alert" : undefined}>
      <Heading className={css.title}>{title}</Heading>
      <div className={css.body}>{children}</div>
    </section>
  );
}
