import type { ReactNode } from "react";
import { usePathname } from "wouter/use-browser-location";
import { useApps } from "../api/useApps";
import { PageLink } from "../router/PageLink";
import { FIRST_PAGE, PAGES, pageAt } from "../router/pages";
import { ConnectionMark } from "./ConnectionMark";
import css from "./Frame.module.css";
import { Logo } from "./Logo";
import { PaletteButton } from "./palette/PaletteButton";
import { ThemeSwitch } from "./ThemeSwitch";

/** Navigation, header and the page. */
export function Frame({ children }: { readonly children: ReactNode }) {
  const current = pageAt(usePathname());
  const apps = useApps();
  return (
    <div className={css.frame}>
      <a className={css.skip} href="#page">
        Skip to the page
      </a>
      <nav className={css.nav} aria-label="Pages">
        <PageLink className={css.brand} to={FIRST_PAGE.path}>
          <Logo />
          <span>Footfall</span>
        </PageLink>
        <ul className={css.pages}>
          {PAGES.map(({ path, title, icon: Icon }) => (
            <li key={path}>
              <PageLink className={css.page} to={path} isCurrent={current?.path === path}>
                <Icon size={18} stroke={1.75} aria-hidden />
                {title}
              </PageLink>
            </li>
          ))}
        </ul>
      </nav>
      <header className={css.header}>
        <span className={css.project}>
          <span className={css.projectLabel}>Project</span> <bdi>{apps?.project ?? "…"}</bdi>
        </span>
        <PaletteButton />
        <ConnectionMark />
        <ThemeSwitch />
      </header>
      <main className={css.main} id="page" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
