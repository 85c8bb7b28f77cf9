import { Skeleton } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { has, read, readFile, type Shape } from "../../api/client";
import type { CutName, SharedDashboard, Tile } from "../../api/generated";
import type { Range as PickedRange } from "../../components/range/range";
import { RangePicker } from "../../components/range/RangePicker";
import { Logo } from "../../components/Logo";
import { Loading } from "../../components/states/Loading";
import { useChartsSoon } from "../../charts/useChartsSoon";
import { CompareChoice } from "../../components/scene/CompareChoice";
import { setCompare, useCompare } from "../../components/scene/useCompare";
import { Failure } from "../../components/states/Failure";
import { ThemeSwitch } from "../../components/ThemeSwitch";
import { isTileData } from "../dashboards/api";
import type { TileSource } from "../dashboards/tile/source";
import { rangeOf, rangeText, shownOf } from "../dashboards/view/range";
import { SheetGrid } from "../dashboards/view/SheetGrid";
import { Sheets } from "../dashboards/view/Sheets";
import css from "./SharedPage.module.css";

/** A link has no stream of its own; it looks for new data as often as a page may. */
const LOOK_MS = 5_000;

const isShared: Shape<SharedDashboard> = (value): value is SharedDashboard => has(value, "definition", "version");
const isCut: Shape<CutName> = (value): value is CutName => has(value, "sequence");

/** A dashboard for whoever has its link. The token is behind # in the address, which browsers send to nobody. */
export default function SharedPage() {
  useChartsSoon();
  const [token] = useState(() => window.location.hash.slice(1));
  const headers = useMemo(() => ({ "footfall-link": token }), [token]);
  const shown = useQuery({ queryKey: ["shared", token], queryFn: ({ signal }) => read("/api/shared", isShared, { signal, headers }), retry: false, refetchInterval: 12 * LOOK_MS });
  if (shown.error) return <Over error={shown.error} retry={() => void shown.refetch()} />;
  if (!shown.data) {
    return (
      <main className={css.page}>
        <Loading slow="The dashboard is still loading.">
          <Skeleton height={28} width={240} mb={24} />
          <Skeleton height={320} />
        </Loading>
      </main>
    );
  }
  return <Shown shared={shown.data} headers={headers} />;
}

function Over({ error, retry }: { readonly error: Error; readonly retry: () => void }) {
  return (
    <main className={css.page}>
      <Failure title="Nothing is shown here" error={error} retry={retry} level={1} />
    </main>
  );
}

type ShownProps = { readonly shared: SharedDashboard; readonly headers: Readonly<Record<string, string>> };

function Shown({ shared: { definition, version }, headers }: ShownProps) {
  useDocumentTitle(`${definition.title} · Footfall`);
  const zone = definition.zone ?? "UTC";
  const own = definition.range;
  const [asked, setAsked] = useState<PickedRange | null>(null);
  const [chosen, setChosen] = useState(0);
  const cut = useQuery({
    queryKey: ["shared", headers, "cut"],
    queryFn: ({ signal }) => read("/api/shared/cut", isCut, { signal, headers }),
    refetchInterval: LOOK_MS,
    staleTime: 0,
    retry: false,
  });
  const compare = useCompare();
  const mark = cut.data?.published_at ?? 0;
  const range = useMemo(() => (asked ? rangeOf(asked) : (own ?? { last: 7 })), [asked, own]);
  const picked = useMemo(() => asked ?? shownOf(own ?? { last: 7 }, zone), [asked, own, zone]);
  const source: TileSource = useMemo(
    () => ({
      key: ["shared", version, range, compare],
      range,
      read: (tile: Tile, signal: AbortSignal) =>
        read(`/api/shared/tiles/${encodeURIComponent(tile.id)}`, isTileData, { signal, headers, body: { range, compare } }),
      filters: [],
      parquet: (tile: Tile) => readFile(`/api/shared/tiles/${encodeURIComponent(tile.id)}/parquet`, { headers, body: { range } }),
      mark,
      open: null,
    }),
    [version, range, compare, headers, mark],
  );
  if (cut.error) return <Over error={cut.error} retry={() => void cut.refetch()} />;
  const place = Math.min(chosen, definition.sheets.length - 1);
  const sheet = definition.sheets[place];
  return (
    <main className={css.page}>
      <div className={css.head}>
        <Logo />
        <h1 className={css.title}>{definition.title}</h1>
        <div className={css.tools}>
          <RangePicker range={picked} onChange={setAsked} zone={zone} />
          <CompareChoice compare={compare} onCompare={setCompare} />
          <ThemeSwitch />
        </div>
      </div>
      <Sheets sheets={definition.sheets} chosen={place} onChoose={setChosen} />
      {sheet && <SheetGrid sheet={sheet} source={source} />}
      <p className={css.zone}>
        {rangeText(range)}, {zone}
      </p>
    </main>
  );
}
