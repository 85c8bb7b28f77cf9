import { useDocumentTitle } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { readApps } from "./api/client";
import { Frame } from "./components/Frame";
import { useLive } from "./live/useLive";
import { LivePage } from "./routes/LivePage";
import { NotFoundPage } from "./routes/NotFoundPage";
import { usePath } from "./url/useQuery";

export function App() {
  const path = usePath();
  const live = useLive();
  const apps = useQuery({ queryKey: ["apps"], queryFn: ({ signal }) => readApps(signal) });
  const isLivePage = path === "/" || path === "/live";
  useDocumentTitle(isLivePage ? "Live · Footfall" : "No such page · Footfall");
  return (
    <Frame project={apps.data?.project ?? null} live={live} current={isLivePage ? "live" : null}>
      {isLivePage ? <LivePage live={live} apps={apps.data ?? null} /> : <NotFoundPage path={path} />}
    </Frame>
  );
}
