import { useDocumentTitle } from "@mantine/hooks";
import { Suspense, useEffect, useRef } from "react";
import { Route, Switch } from "wouter";
import { usePathname } from "wouter/use-browser-location";
import { ErrorBoundary } from "../components/states/ErrorBoundary";
import { Loading } from "../components/states/Loading";
import { NotFound } from "../components/states/NotFound";
import { FIRST_PAGE, PAGES, pageAt } from "./pages";

/** The page of the address: loaded when it is opened, and kept apart from the others' faults. */
export function Routes() {
  const path = usePathname();
  const title = pageAt(path)?.title ?? "No such page";
  useDocumentTitle(`${title} · Footfall`);
  useFocusOnChange(path);
  return (
    <ErrorBoundary key={path} title={`The page ${title} cannot be shown`}>
      <Suspense fallback={<Loading slow="The page is still loading. The studio may be busy or stopped." />}>
        <Switch>
          <Route path="/" component={FIRST_PAGE.Page} />
          {PAGES.map((page) => (
            <Route key={page.path} path={page.path} component={page.Page} />
          ))}
          <Route>
            <NotFound path={path} />
          </Route>
        </Switch>
      </Suspense>
    </ErrorBoundary>
  );
}

/** Another page begins at its top, and its reading and Tab order too, as if the browser had loaded it. */
function useFocusOnChange(path: string): void {
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    window.scrollTo({ top: 0 });
    document.getElementById("page")?.focus({ preventScroll: true });
  }, [path]);
}
