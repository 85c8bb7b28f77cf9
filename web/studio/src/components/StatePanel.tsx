import type { ReactNode } from "react";
import css from "./StatePanel.module.css";

type Props = {
  readonly title: string;
  readonly children: ReactNode;
  readonly tone?: "calm" | "failure";
};

/** Instead of content: what is the case, why, and what to do. */
export function StatePanel({ title, children, tone = "calm" }: Props) {
  return (
    <section className={css.panel} data-tone={tone} role={tone === "failure" ? "alert" : undefined}>
      <h2 className={css.title}>{title}</h2>
      <div className={css.body}>{children}</div>
    </section>
  );
}
