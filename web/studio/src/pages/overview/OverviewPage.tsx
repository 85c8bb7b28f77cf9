import { Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";
import { read } from "../../api/client";
import type { Apps, EventsQuestion } from "../../api/generated";
import { useApps } from "../../api/useApps";
import { FilterBar } from "../../components/filters/FilterBar";
import type { Field } from "../../components/filters/filters";
import { useFilters } from "../../components/filters/useColumnFilters";
import { whereOf } from "../../components/filters/wire";
import { parseRange, type Range } from "../../components/range/range";
import { useRange } from "../../components/range/useRange";
import { type Granularity, isCompare, isGranularity } from "../../components/scene/scene";
import { SceneBar } from "../../components/scene/SceneBar";
import { Empty } from "../../components/states/Empty";
import { Failure } from "../../components/states/Failure";
import { Loading } from "../../components/states/Loading";
import { formatExact } from "../../format/format";
import { useLive } from "../../live/LiveContext";
import { changeQuery, useQueryValue, useQueryValues } from "../../router/query";
import { rangeOf } from "../dashboards/view/range";
import { readAbout } from "../sessions/api";
import { isEventsAnswer, useEventNames } from "../explore/api";
import { MembersDrawer } from "../explore/members/MembersDrawer";
import type { Opening } from "../explore/result/sheet";
import { type Asked as Explored, pinnedTo } from "../explore/state/question";
import { useExploreFields } from "../explore/state/useExploreFields";
import { zoneOf } from "../explore/state/zone";
import { DETAILS, DetailsDrawer } from "./DetailsDrawer";
import { GoalChoice } from "./GoalChoice";
import { detailQuestion, LISTS, listQuestion, overviewQuestion, panelsOf, type Scene, type Shown } from "./metrics";
import { Numbers } from "./Numbers";
import css from "./OverviewPage.module.css";
import { ListPanel } from "./ListPanel";

const GOALS = ["purchase", "sign_up", "generate_lead", "subscribe"];
const HOURS_MAX = 48;
const HOUR_MS = 3_600_000;
const NUMBERS = "numbers";

/** One page on an app: how many, compared with before, and where, from where, with what. */
export default function Page() {
  const apps = useApps();
  const [app] = useQueryValue("app");
  const range = useShownRange();
  const zone = zoneOf(apps, app);
  const fields = useExploreFields();
  const [filters, setFilters] = useFilters();
  const shown = useShown(app, range);
  const scene = useMemo<Scene>(() => ({ app, range: rangeOf(range), zone, where: whereOf(filters, fields) }), [app, range, zone, filters, fields]);
  return (
    <>
      <Bar apps={apps} app={app} range={range} zone={zone} shown={shown} />
      <div className={css.bar}>
        <FilterBar hasGroups fields={fields} filters={filters} onChange={setFilters} />
      </div>
      {apps && <Content scene={scene} shown={shown} fields={fields} />}
    </>
  );
}

/** What the address says beside app, range and filters. */
function useShown(app: string, range: Range): Shown {
  const names = useEventNames();
  const chosen = useQueryValues("goal");
  const [by] = useQueryValue("by");
  const [beside] = useQueryValue("compare");
  const kept = useGoals(app);
  const own: Granularity = isShort(range) ? "hour" : "day";
  return useMemo(() => {
    const found = kept.length > 0 ? kept : GOALS.filter((name) => names.includes(name)).slice(0, 1);
    return { granularity: isGranularity(by) ? by : own, compare: isCompare(beside) ? beside : "previous", goals: chosen.length > 0 ? chosen : found };
  }, [by, own, beside, chosen, kept, names]);
}

/** Key events that the settings name, of one app or of all. */
function useGoals(app: string): readonly string[] {
  const query = useQuery({ queryKey: ["sessions about"], queryFn: ({ signal }) => readAbout(signal), staleTime: Infinity });
  return useMemo(() => [...new Set((query.data?.goals ?? []).filter(({ app_id }) => !app || app_id === app).map(({ event_name }) => event_name))], [query.data, app]);
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

type BarProps = { readonly apps: Apps | null; readonly app: string; readonly range: Range; readonly zone: string; readonly shown: Shown };

function Bar({ apps, app, range, zone, shown }: BarProps) {
  const [, setRange] = useRange();
  const names = useEventNames();
  return (
    <SceneBar
      title="Overview"
      apps={apps}
      app={app}
      onApp={(next) => changeQuery({ app: next, ...CLOSED }, "push")}
      range={range}
      onRange={setRange}
      zone={zone}
      granularity={shown.granularity}
      onGranularity={(by) => changeQuery({ by, ...CLOSED }, "push")}
      compare={shown.compare}
      onCompare={(compare) => changeQuery({ compare: compare === "previous" ? "" : compare, ...CLOSED }, "push")}
    >
      <Now isOfAll={app === "" || apps?.apps.length === 1} />
      <GoalChoice goals={shown.goals} names={names} onChange={(goals) => changeQuery({ goal: goals, ...CLOSED }, "push")} />
    </SceneBar>
  );
}

/** Who is here now, which the Live page has more of. */
function Now({ isOfAll }: { readonly isOfAll: boolean }) {
  const live = useLive();
  if (!("snapshot" in live) || !live.snapshot) return null;
  const count = live.snapshot.people.visitors_5m;
  return (
    <Link href="/live" className={css.now} title="With an event in the last five minutes, bots left out">
      <span className={css.light} data-on={count > 0 ? "yes" : undefined} aria-hidden />
      {formatExact(count)} {count === 1 ? "visitor" : "visitors"} now{!isOfAll && ", all apps"}
    </Link>
  );
}

/** A drawer that is closed. */
const CLOSED = { panel: "", cell: "", title: "", count: "", at: "", text: "" };

/** Opens a number of a panel; all that the drawer needs is in the address. */
function open(from: string, at: string | null | undefined): (opening: Opening) => void {
  return ({ cell, title, count }) => changeQuery({ panel: from, cell, title, count: count === null ? "" : String(count), at: at ?? "" }, "push");
}

function close(): void {
  changeQuery(CLOSED, "push");
}

type ContentProps = { readonly scene: Scene; readonly shown: Shown; readonly fields: readonly Field[] };

function Content({ scene, shown, fields }: ContentProps) {
  const asked = useMemo(() => overviewQuestion(scene, shown), [scene, shown]);
  const panels = useMemo(() => panelsOf(fields), [fields]);
  const query = useQuery({
    queryKey: ["overview", asked.question],
    queryFn: ({ signal }) => read("/api/explore/events", isEventsAnswer, { signal, body: asked.question }),
    placeholderData: keepPreviousData,
  });
  if (query.error) return <Failure title="The numbers cannot be shown" error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <Loading slow="Still counting: the range is long or the machine is busy.">
        <Skeleton height={420} />
      </Loading>
    );
  }
  // An answer of the question before may have its numbers in other places.
  const isOfThis = new Set(query.data.rows.map(({ number }) => number)).size === asked.question.series.length + (asked.question.formulas ?? []).length;
  const isEmpty = query.data.rows.every(({ value, number }) => number > 1 || !value);
  return (
    <>
      {isEmpty ? (
        <Empty title="Nothing happened here">
          <p>No event of this range passes the filters. Choose a longer range, or remove a filter.</p>
        </Empty>
      ) : (
        <>
          {isOfThis && (
            <Numbers asked={asked} answer={query.data} zone={scene.zone ?? "UTC"} onOpen={open(NUMBERS, query.data.segments_at)} />
          )}
          <div className={css.panels}>
            {panels.map((info) => (
              <ListPanel key={info.title} info={info} scene={scene} onOpen={open} />
            ))}
          </div>
        </>
      )}
      <DetailsDrawer scene={scene} onOpen={open} />
      <Opened scene={scene} asked={asked.question} />
    </>
  );
}

/** Those whom a number of the page counted, of the panel that the address names. */
function Opened({ scene, asked }: { readonly scene: Scene; readonly asked: EventsQuestion }) {
  const [cell] = useQueryValue("cell");
  const [panel] = useQueryValue("panel");
  const [title] = useQueryValue("title");
  const [count] = useQueryValue("count");
  const [at] = useQueryValue("at");
  const [text] = useQueryValue("text");
  const explored = useMemo<Explored>(() => {
    const list = LISTS.find(({ id }) => id === panel.replace(DETAILS, ""));
    const question = list ? (panel.startsWith(DETAILS) ? detailQuestion(list, scene, text) : listQuestion(list, scene)) : asked;
    return pinnedTo({ model: "events", question }, at);
  }, [panel, scene, asked, at, text]);
  return <MembersDrawer asked={explored} opening={cell ? { cell, title: title || "Those that were counted", count: count ? Number(count) : null } : null} onClose={close} />;
}
