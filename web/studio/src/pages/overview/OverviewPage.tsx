import { NativeSelect, Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { read } from "../../api/client";
import type { Apps, EventsQuestion } from "../../api/generated";
import { useApps } from "../../api/useApps";
import { FilterBar } from "../../components/filters/FilterBar";
import { useColumnFilters } from "../../components/filters/useColumnFilters";
import { RangePicker } from "../../components/range/RangePicker";
import { parseRange, type Range } from "../../components/range/range";
import { useRange } from "../../components/range/useRange";
import { Empty } from "../../components/states/Empty";
import { Failure } from "../../components/states/Failure";
import { Loading } from "../../components/states/Loading";
import { changeQuery, useQueryValue } from "../../router/query";
import { rangeOf } from "../dashboards/view/range";
import { readAbout } from "../sessions/api";
import { isEventsAnswer, useEventNames } from "../explore/api";
import { MembersDrawer } from "../explore/members/MembersDrawer";
import type { Opening } from "../explore/result/sheet";
import { type Asked as Explored, pinnedTo } from "../explore/state/question";
import { useExploreFields } from "../explore/state/useExploreFields";
import { whereOf } from "../explore/state/where";
import { zoneOf } from "../explore/state/zone";
import { LISTS, listQuestion, overviewQuestion, PANELS } from "./metrics";
import { Numbers } from "./Numbers";
import css from "./OverviewPage.module.css";
import { ListPanel } from "./ListPanel";

const GOALS = ["purchase", "sign_up", "generate_lead", "subscribe"];
const HOURS_MAX = 48;
const HOUR_MS = 3_600_000;
const NUMBERS = "numbers";

/** What all panels ask with. */
export type Scene = Pick<EventsQuestion, "app" | "range" | "zone" | "where">;

/** One page on an app: how many, compared with before, and where, from where, with what. */
export default function Page() {
  const apps = useApps();
  const names = useEventNames();
  const [app] = useQueryValue("app");
  const [wanted] = useQueryValue("goal");
  const range = useShownRange();
  const zone = zoneOf(apps, app);
  const fields = useExploreFields();
  const [filters] = useColumnFilters();
  const goals = useGoals(app);
  const goal = wanted || ([...goals, ...GOALS].find((name) => names.includes(name)) ?? "");
  const scene = useMemo<Scene>(() => ({ app, range: rangeOf(range), zone, where: whereOf(filters, fields) }), [app, range, zone, filters, fields]);
  return (
    <>
      <Bar apps={apps} app={app} range={range} zone={zone} names={names} goal={goal} />
      {apps && <Content scene={scene} granularity={isShort(range) ? "hour" : "day"} goal={goal} />}
    </>
  );
}

/** Key events that the settings name, of one app or of all. */
function useGoals(app: string): readonly string[] {
  const query = useQuery({ queryKey: ["sessions about"], queryFn: ({ signal }) => readAbout(signal), staleTime: Infinity });
  return (query.data?.goals ?? []).filter(({ app_id }) => !app || app_id === app).map(({ event_name }) => event_name);
}

/** Without one in the address, four weeks: a day says little of how things go. */
function useShownRange(): Range {
  const [range] = useRange();
  const [last] = useQueryValue("last");
  const [since] = useQueryValue("since");
  return useMemo(() => (last || since ? range : parseRange("28d", "", "")), [range, last, since]);
}

function isShort(range: Range): boolean {
  if (range.kind === "between") return range.untilMs - range.sinceMs <= HOURS_MAX * HOUR_MS;
  const [, count = "28", unit = "d"] = /^(\d+)([smhd])$/.exec(range.last) ?? [];
  return unit === "d" ? Number(count) * 24 <= HOURS_MAX : unit !== "h" || Number(count) <= HOURS_MAX;
}

type BarProps = { readonly apps: Apps | null; readonly app: string; readonly range: Range; readonly zone: string; readonly names: readonly string[]; readonly goal: string };

function Bar({ apps, app, range, zone, names, goal }: BarProps) {
  const [, setRange] = useRange();
  const [filters, setFilters] = useColumnFilters();
  const fields = useExploreFields();
  return (
    <div className={css.bar}>
      <div className={css.head}>
        <h1 className={css.title}>Overview</h1>
        <div className={css.choices}>
          <NativeSelect
            size="xs"
            aria-label="App"
            value={app}
            onChange={(change) => changeQuery({ app: change.currentTarget.value, cell: "" }, "push")}
            data={[{ value: "", label: "All apps" }, ...(apps?.apps ?? []).map((one) => ({ value: one.app.app_id, label: one.app.name }))]}
          />
          <NativeSelect
            size="xs"
            aria-label="Goal"
            value={goal}
            onChange={(change) => changeQuery({ goal: change.currentTarget.value, cell: "" }, "push")}
            data={[{ value: "", label: "No goal" }, ...[...new Set([...(goal ? [goal] : []), ...names])].map((name) => ({ value: name, label: `Goal: ${name}` }))]}
          />
          <RangePicker range={range} onChange={setRange} zone={zone} />
        </div>
      </div>
      <FilterBar fields={fields} filters={filters} onChange={setFilters} />
    </div>
  );
}

/** Opens a number of a panel; all that the drawer needs is in the address. */
function open(from: string, at: string | null | undefined): (opening: Opening) => void {
  return ({ cell, title, count }) => changeQuery({ panel: from, cell, title, count: count === null ? "" : String(count), at: at ?? "" }, "push");
}

function close(): void {
  changeQuery({ panel: "", cell: "", title: "", count: "", at: "" }, "push");
}

type ContentProps = { readonly scene: Scene; readonly granularity: "hour" | "day"; readonly goal: string };

function Content({ scene, granularity, goal }: ContentProps) {
  const asked = useMemo(() => overviewQuestion(scene, granularity, goal), [scene, granularity, goal]);
  const [cell] = useQueryValue("cell");
  const [panel] = useQueryValue("panel");
  const [title] = useQueryValue("title");
  const [count] = useQueryValue("count");
  const [at] = useQueryValue("at");
  const query = useQuery({
    queryKey: ["overview", asked.question],
    queryFn: ({ signal }) => read("/api/explore/events", isEventsAnswer, { signal, body: asked.question }),
    placeholderData: keepPreviousData,
  });
  const explored = useMemo<Explored>(() => {
    const list = LISTS.find(({ id }) => id === panel);
    return pinnedTo({ model: "events", question: list ? listQuestion(list, scene) : asked.question }, at);
  }, [panel, scene, asked, at]);
  if (query.error) return <Failure title="The numbers cannot be shown" error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <Loading slow="Still counting: the range is long or the machine is busy.">
        <Skeleton height={420} />
      </Loading>
    );
  }
  const isEmpty = query.data.rows.every(({ value, number }) => number > 1 || !value);
  return (
    <>
      {isEmpty ? (
        <Empty title="Nothing happened here">
          <p>No event of this range passes the filters. Choose a longer range, or remove a filter.</p>
        </Empty>
      ) : (
        <>
          <Numbers asked={asked} answer={query.data} zone={scene.zone ?? "UTC"} onOpen={open(NUMBERS, query.data.segments_at)} />
          <div className={css.panels}>
            {PANELS.map((info) => (
              <ListPanel key={info.title} info={info} scene={scene} onOpen={open} />
            ))}
          </div>
        </>
      )}
      <MembersDrawer asked={explored} opening={cell ? { cell, title: title || "Those that were counted", count: count ? Number(count) : null } : null} onClose={close} />
    </>
  );
}
