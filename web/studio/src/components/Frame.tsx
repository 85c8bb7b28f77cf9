import { type ReactNode, useEffect, useRef } from "react";
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
  const pages = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // On a narrow page the list scrolls, and the page itself must not: where somebody is stands in sight.
    const list = pages.current;
    const link = current && list?.querySelector("[aria-current=page]");
    if (!list || !link) return;
    const [place, own] = [list.getBoundingClientRect(), link.getBoundingClientRect()];
    list.scrollLeft += own.left + own.width / 2 - place.left - place.width / 2;
  }, [current]);
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
        <ul ref={pages} className={css.pages}>
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
