import { IconActivity } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { LiveState } from "../live/state";
import { ConnectionMark } from "./ConnectionMark";
import css from "./Frame.module.css";
import { Logo } from "./Logo";
import { ThemeSwitch } from "./ThemeSwitch";

type Props = {
  readonly project: string | null;
  readonly live: LiveState;
  /** What is marked in the navigation. */
  readonly current: "live" | null;
  readonly children: ReactNode;
};

/** Navigation, header and the page. */
export function Frame({ project, live, current, children }: Props) {
  return (
    <div className={css.frame}>
      <a className={css.skip} href="#page">
        Skip to the page
      </a>
      <nav className={css.nav} aria-label="Pages">
        <a className={css.brand} href="/live">
          <Logo />
          <span>Footfall</span>
        </a>
        <ul className={css.pages}>
          <li>
            <a className={css.page} href="/live" aria-current={current === "live" ? "page" : undefined}>
              <IconActivity size={18} stroke={1.75} aria-hidden />
              Live
            </a>
          </li>
        </ul>
      </nav>
      <header className={css.header}>
        <span className={css.project}>
          <span className={css.projectLabel}>Project</span> <bdi>{project ?? "…"}</bdi>
        </span>
        <ConnectionMark live={live} />
        <ThemeSwitch />
      </header>
      <main className={css.main} id="page" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
