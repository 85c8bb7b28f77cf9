import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useChartsSoon } from "../../charts/useChartsSoon";
import { Failure } from "../../components/states/Failure";
import { Loading } from "../../components/states/Loading";
import { useQueryValue } from "../../router/query";
import { readDashboard } from "./api";
import { DashboardList } from "./list/DashboardList";
import { DashboardView } from "./view/DashboardView";

const Editor = lazy(() => import("./editor/DashboardEditor"));

/** All dashboards, one of them, or its editor, as the address says. */
export default function DashboardsPage() {
  const [name] = useQueryValue("name");
  return name ? <One key={name} name={name} /> : <DashboardList />;
}

function One({ name }: { readonly name: string }) {
  useChartsSoon();
  const [edit] = useQueryValue("edit");
  const query = useQuery({ queryKey: ["dashboards", name], queryFn: ({ signal }) => readDashboard(name, false, signal), retry: false });
  if (query.error) return <Failure title="The dashboard cannot be shown" error={query.error} retry={() => void query.refetch()} level={1} />;
  if (!query.data) return <Waiting />;
  if (!edit) return <DashboardView kept={query.data} />;
  return (
    <Suspense fallback={<Waiting />}>
      <Editor kept={query.data} />
    </Suspense>
  );
}

function Waiting() {
  return (
    <Loading slow="The dashboard is still loading.">
      <Skeleton height={28} width={240} mb={24} />
      <Skeleton height={320} />
    </Loading>
  );
}
