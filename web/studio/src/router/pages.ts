import { IconActivity, IconBell, IconChartDots3, IconChartLine, IconDatabase, IconHome, IconLayoutDashboard, IconRoute, IconTerminal2, IconUsersGroup } from "@tabler/icons-react";
import { lazy } from "react";

/**
 * The pages there are, in the order of the navigation. A new page is a folder of `pages` and its entry here: it gets its
 * route, its place in the navigation, its title, and a file of its own that loads when it is opened.
 */
export const PAGES = [
  { path: "/live", title: "Live", icon: IconActivity, Page: lazy(() => import("../pages/live/LivePage")) },
  { path: "/overview", title: "Overview", icon: IconChartLine, Page: lazy(() => import("../pages/overview/OverviewPage")) },
  { path: "/explore", title: "Explore", icon: IconChartDots3, Page: lazy(() => import("../pages/explore/ExplorePage")) },
  { path: "/segments", title: "Segments", icon: IconUsersGroup, Page: lazy(() => import("../pages/segments/SegmentsPage")) },
  {
    path: "/sessions",
    title: "Sessions",
    icon: IconRoute,
    Page: lazy(() => import("../pages/sessions/SessionsPage")),
  },
  {
    path: "/dashboards",
    title: "Dashboards",
    icon: IconLayoutDashboard,
    Page: lazy(() => import("../pages/dashboards/DashboardsPage")),
  },
  { path: "/sql", title: "SQL", icon: IconTerminal2, Page: lazy(() => import("../pages/sql/SqlPage")) },
  { path: "/alerts", title: "Alerts", icon: IconBell, Page: lazy(() => import("../pages/alerts/AlertsPage")) },
  { path: "/data", title: "Data", icon: IconDatabase, Page: lazy(() => import("../pages/data/DataPage")) },
] as const;

/** What the bare address shows; the name in the navigation's corner leads there. */
export const FIRST_PAGE = { path: "/", title: "Home", icon: IconHome, Page: lazy(() => import("../pages/home/HomePage")) } as const;

type Page = (typeof PAGES)[number] | typeof FIRST_PAGE;
export type PagePath = Page["path"];

/** The page of an address; null when there is none. */
export function pageAt(path: string): Page | null {
  return path === "/" ? FIRST_PAGE : (PAGES.find((page) => page.path === path) ?? null);
}
