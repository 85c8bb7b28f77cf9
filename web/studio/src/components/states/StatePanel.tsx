import type { ReactNode } from "react";
import css from "./StatePanel.module.css";

type Props = {
  readonly title: string;
  readonly children: ReactNode;
  readonly tone?: "calm" | "failure";
  /** 1 unless it stands in a page that has its heading. */
  readonly level?: 1 | 2;
};

/** Instead of content: what is the case, why, and what to do. */
export function StatePanel({ title, children, tone = "calm", level = 1 }: Props) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <section className={css.panel} data-tone={tone} role={tone === "failure" ? "alert" : undefined}>
      <Heading className={css.title}>{title}</Heading>
      <div className={css.body}>{children}</div>
    </section>
  );
}
