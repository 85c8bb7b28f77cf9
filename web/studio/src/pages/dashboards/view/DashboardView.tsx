import { Button } from "@mantine/core";
import { IconArrowLeft, IconEdit, IconMaximize, IconShare2 } from "@tabler/icons-react";
import { useIsFetching } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useApps } from "../../../api/useApps";
import type { Filter, KeptDashboard, Tile } from "../../../api/generated";
import { FilterBar } from "../../../components/filters/FilterBar";
import { useFilters } from "../../../components/filters/useColumnFilters";
import { filterOf, nodeOf } from "../../../components/filters/wire";
import { wordsOf } from "../../../components/filters/words";
import { useRange } from "../../../components/range/useRange";
import { setCompare, useCompare } from "../../../components/scene/useCompare";
import { SceneBar } from "../../../components/scene/SceneBar";
import { changeQuery, useQueryValue } from "../../../router/query";
import { readTile, readTileParquet, type Segment } from "../api";
import { useFilterFields } from "../fields/useFields";
import { RowsDrawer } from "../rows/RowsDrawer";
import { ShareDrawer } from "../share/ShareDrawer";
import type { TileSource } from "../tile/source";
import css from "./DashboardView.module.css";
import { chosenRange } from "./range";
import { segmentIn, segmentParameters } from "./segment";
import { SheetGrid } from "./SheetGrid";
import { Sheets } from "./Sheets";
import { useCutMark } from "./useCutMark";

const NO_FILTERS: readonly never[] = [];
const APP = "app_id";

/** A dashboard for reading: sheets, range and filters, all of them in the address. */
export function DashboardView({ kept }: { readonly kept: KeptDashboard }) {
  const { definition } = kept;
  const { shown, range, setRange } = useChosenRange(definition);
  const [chosenFilters, setFilters] = useFilters();
  const fields = useFilterFields(useTilesStand());
  const [sheetText, setSheet] = useQueryValue("sheet");
  const [isSharing, setIsSharing] = useState(false);
  const [rowsOf] = useQueryValue("rows");
  const [segmentText] = useQueryValue("of");
  const [asOf] = useQueryValue("as_of");
  const mark = useCutMark();
  const fixed = definition.filters ?? NO_FILTERS;
  const hasOwnApp = fixed.some(({ field }) => field === APP);
  const apps = useApps();
  const [wantedApp] = useQueryValue("app");
  const app = hasOwnApp ? "" : wantedApp;
  // Without kinds of fields, which the server knows: tiles do not wait for them.
  const filters = useMemo(() => [...appFilters(app), ...chosenFilters.map((filter) => filterOf(filter, []))], [app, chosenFilters]);
  const scene = useMemo(() => ({ range, filters: [...fixed, ...filters], zone: definition.zone ?? "UTC" }), [range, fixed, filters, definition.zone]);
  const open = useCallback((tile: Tile, segment: Segment) => changeQuery(segmentParameters(tile.id, segment), "push"), []);
  const compare = useCompare();
  const source: TileSource = useMemo(
    () => ({
      key: [scene, compare],
      range,
      filters: scene.filters,
      read: (tile, signal) => readTile(tile, scene, signal, compare),
      parquet: (tile) => readTileParquet(tile, scene),
      mark,
      open,
    }),
    [scene, compare, range, mark, open],
  );
  const chosen = Math.min(Math.max(0, Number(sheetText || "1") - 1 || 0), definition.sheets.length - 1);
  const sheet = definition.sheets[chosen];
  const opened = definition.sheets.flatMap(({ tiles }) => tiles ?? []).find(({ id }) => id === rowsOf) ?? null;
  const segment = useMemo(() => segmentIn(segmentText, asOf), [segmentText, asOf]);
  return (
    <div className={css.view}>
      <SceneBar
        title={definition.title}
        lead={
          <button
            type="button"
            className={css.back}
            aria-label="All dashboards"
            onClick={() => changeQuery({ name: "", app: "", last: "", since: "", until: "", compare: "", f: "", sheet: "" }, "push")}
          >
            <IconArrowLeft size={18} aria-hidden />
          </button>
        }
        mark={kept.is_draft && <span className={css.draft}>Draft</span>}
        apps={apps}
        app={app}
        // One of the dashboard itself stands among its filters.
        onApp={hasOwnApp ? undefined : (next) => changeQuery({ app: next }, "push")}
        range={shown}
        onRange={setRange}
        zone={definition.zone ?? "UTC"}
        compare={compare}
        onCompare={setCompare}
      >
        <Button variant="default" size="xs" className={css.aside ?? ""} leftSection={<IconMaximize size={14} aria-hidden />} onClick={() => void document.documentElement.requestFullscreen()}>
          Full screen
        </Button>
        <Button variant="default" size="xs" className={css.aside ?? ""} leftSection={<IconShare2 size={14} aria-hidden />} onClick={() => setIsSharing(true)}>
          Share
        </Button>
        <Button variant="default" size="xs" className={css.aside ?? ""} leftSection={<IconEdit size={14} aria-hidden />} onClick={() => changeQuery({ edit: "1" }, "push")}>
          Edit
        </Button>
      </SceneBar>
      <div className={css.filters}>
        {fixed.map((filter) => (
          <span key={JSON.stringify(filter)} className={css.fixed} title="Of the dashboard itself">
            {wordsOf(nodeOf(filter), fields)}
          </span>
        ))}
        <FilterBar hasGroups fields={fields} filters={chosenFilters} onChange={setFilters} />
        <span className={css.zone}>
          Times of {definition.zone ?? "UTC"}
        </span>
      </div>
      <Sheets sheets={definition.sheets} chosen={chosen} onChoose={(at) => setSheet(at === 0 ? "" : String(at + 1), "push")} />
      {sheet && <SheetGrid sheet={sheet} source={source} />}
      <RowsDrawer tile={opened} segment={segment} scene={scene} onClose={() => changeQuery({ rows: "", of: "", as_of: "" }, "push")} />
      <ShareDrawer name={kept.name} compare={compare} isPublished={kept.is_published} isOpen={isSharing} onClose={() => setIsSharing(false)} />
    </div>
  );
}

/** Of the chosen app, for every tile that has such a column. */
function appFilters(app: string): readonly Filter[] {
  return app ? [{ field: APP, op: "is", value: app }] : [];
}

/** Whether no tile waits for its first answer: what the page needs later is asked for after them. */
function useTilesStand(): boolean {
  const [isMounted, setIsMounted] = useState(false);
  useEffect(() => {
    const after = setTimeout(() => setIsMounted(true), 0);
    return () => clearTimeout(after);
  }, []);
  const waiting = useIsFetching({ queryKey: ["tile"], predicate: ({ state }) => state.data === undefined });
  return isMounted && waiting === 0;
}

/** The range of the address; where it names none, the dashboard's own. */
function useChosenRange({ range: own, zone = "UTC" }: KeptDashboard["definition"]) {
  const [, setRange] = useRange();
  const [last] = useQueryValue("last");
  const [since] = useQueryValue("since");
  const [until] = useQueryValue("until");
  const chosen = useMemo(() => chosenRange(last, since, until, own, zone), [last, since, until, own, zone]);
  return { ...chosen, setRange };
}
