import { lazy, Suspense } from "react";
import { usePathname } from "wouter/use-browser-location";
import { Frame } from "./components/Frame";
import { Loading } from "./components/states/Loading";
import { LiveProvider } from "./live/LiveContext";
import { Routes } from "./router/Routes";

const SharedPage = lazy(() => import("./pages/shared/SharedPage"));

/** A shared dashboard has no session, so neither navigation nor the live stream. */
export function App() {
  if (usePathname() === "/shared") {
    return (
      <Suspense fallback={<Loading slow="The page is still loading." />}>
        <SharedPage />
      </Suspense>
    );
  }
  return (
    <LiveProvider>
      <Frame>
        <Routes />
      </Frame>
    </LiveProvider>
  );
}
