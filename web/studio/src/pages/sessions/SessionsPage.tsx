import { Button, NativeSelect, SegmentedControl } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Apps, SessionPage, SessionsAbout } from "../../api/generated";
import { useApps } from "../../api/useApps";
import { FilterBar } from "../../components/filters/FilterBar";
import type { Field, Kind } from "../../components/filters/filters";
import { useColumnFilters } from "../../components/filters/useColumnFilters";
import { SESSION_VALUES } from "../../components/filters/values";
import { RangePicker } from "../../components/range/RangePicker";
import { useRange } from "../../components/range/useRange";
import { AppChoice } from "../../components/scene/AppChoice";
import { SessionDrawer } from "../../components/session/SessionDrawer";
import { SessionTable } from "../../components/session/SessionTable";
import { VisitorDrawer } from "../../components/session/VisitorDrawer";
import { Empty } from "../../components/states/Empty";
import { Failure } from "../../components/states/Failure";
import { Loading } from "../../components/states/Loading";
import { type Clock, clockIn, formatExact } from "../../format/format";
import { changeQuery, useQueryValue } from "../../router/query";
import { EventDrawer } from "../live/event/EventDrawer";
import { askedOf, PAGE_ROWS, readAbout, readSessions, type SessionsQuestion } from "./api";
import { Definitions } from "./definitions/Definitions";
import css from "./SessionsPage.module.css";

const KINDS: readonly Kind[] = ["text", "number", "boolean", "time", "list"];
const WHO = [
  { value: "people", label: "People" },
  { value: "bots", label: "Bots" },
  { value: "all", label: "People and bots" },
];
const NEWEST = "-started_at";
const DEFINITIONS = "definitions";

/** Sessions of any definition, each with its timeline; and the definitions themselves. */
export default function Page() {
  const apps = useApps();
  const question = useQuestion();
  const zone = zoneOf(apps, question.app);
  const clock = useMemo(() => clockIn(zone), [zone]);
  const [shown, show] = useQueryValue("show");
  return (
    <>
      <div className={css.head}>
        <h1 className={css.title}>Sessions</h1>
        <SegmentedControl
          size="xs"
          aria-label="What to show"
          value={shown === DEFINITIONS ? shown : ""}
          onChange={(value) => show(value, "push")}
          data={[
            { value: "", label: "List" },
            { value: DEFINITIONS, label: "Definitions" },
          ]}
        />
      </div>
      {shown === DEFINITIONS ? <Definitions clock={clock} /> : <Listing apps={apps} question={question} clock={clock} />}
      <SessionDrawer clock={clock} />
      <VisitorDrawer clock={clock} />
      <EventDrawer clock={clock} />
    </>
  );
}

type ListingProps = { readonly apps: Apps | null; readonly question: SessionsQuestion; readonly clock: Clock };

function Listing({ apps, question, clock }: ListingProps) {
  const about = useQuery({ queryKey: ["sessions about"], queryFn: ({ signal }) => readAbout(signal) });
  const asked = askedOf(question);
  const query = useQuery({
    queryKey: ["sessions", asked],
    queryFn: ({ signal }) => readSessions(asked, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Bar apps={apps} about={about.data ?? null} question={question} zone={clock.zone} />
      {query.error ? (
        <Failure title="The sessions cannot be shown" error={query.error} retry={() => void query.refetch()} />
      ) : query.data ? (
        <List found={query.data} question={question} clock={clock} />
      ) : (
        <Loading slow="Still counting: the range is long or the machine is busy." />
      )}
    </>
  );
}

/** What the address asks for. */
function useQuestion(): SessionsQuestion {
  const [definition] = useQueryValue("definition");
  const [app] = useQueryValue("app");
  const [who] = useQueryValue("who");
  const [sort] = useQueryValue("sort");
  const [page] = useQueryValue("page");
  const [range] = useRange();
  const [filters] = useColumnFilters();
  const number = /^\d{1,4}$/.test(page) ? Number(page) : 1;
  return {
    definition,
    app,
    who: who || "people",
    range,
    filters,
    sort: sort || NEWEST,
    offset: Math.max(0, number - 1) * PAGE_ROWS,
  };
}

/** The app's zone, or what all apps have; else UTC. */
function zoneOf(apps: Apps | null, app: string): string {
  const shown = apps?.apps.filter((one) => !app || one.app.app_id === app) ?? [];
  const zones = [...new Set(shown.map((one) => one.app.time_zone ?? "UTC"))];
  return zones.length === 1 && zones[0] ? zones[0] : "UTC";
}

type BarProps = {
  readonly apps: Apps | null;
  readonly about: SessionsAbout | null;
  readonly question: SessionsQuestion;
  readonly zone: string;
};

function Bar({ apps, about, question, zone }: BarProps) {
  const [range, setRange] = useRange();
  const [filters, setFilters] = useColumnFilters();
  const fields = useMemo(() => fieldsOf(about), [about]);
  const definitions = about?.definitions ?? [];
  return (
    <div className={css.bar}>
      <div className={css.choices}>
          <NativeSelect
            size="xs"
            aria-label="Session definition"
            value={question.definition}
            onChange={(change) => changeQuery({ definition: change.currentTarget.value, page: "", session: "" }, "push")}
            data={definitions.map(({ name, kind, is_default }) => ({
              value: is_default ? "" : name,
              label: is_default ? `${name} (default)` : `${name} (${kind})`,
            }))}
          />
          <AppChoice apps={apps} app={question.app} onChange={(app) => changeQuery({ app, page: "" }, "push")} />
          <NativeSelect
            size="xs"
            aria-label="Whose sessions"
            value={question.who}
            onChange={(change) => {
              const { value } = change.currentTarget;
              changeQuery({ who: value === "people" ? "" : value, page: "" }, "push");
            }}
            data={WHO}
          />
          <RangePicker range={range} onChange={setRange} zone={zone} />
      </div>
      <FilterBar fields={fields} values={SESSION_VALUES} filters={filters} onChange={setFilters} />
    </div>
  );
}

/** Columns that few ask for: offered last. */
const RARE = new Set(["session_id", "revision", "epoch"]);

function fieldsOf(about: SessionsAbout | null): readonly Field[] {
  const fields = about?.fields ?? [];
  const [usual, rare] = [false, true].map((isRare) => fields.filter(({ name }) => RARE.has(name) === isRare));
  return [...(usual ?? []), ...(rare ?? [])].flatMap(({ name, kind }) => {
    const known = KINDS.find((one) => one === kind);
    const label = name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
    return known ? [{ name, label, kind: known }] : [];
  });
}

function go(to: number): void {
  changeQuery({ page: to > 1 ? String(to) : "" }, "push");
}

type ListProps = { readonly found: SessionPage; readonly question: SessionsQuestion; readonly clock: Clock };

function List({ found, question, clock }: ListProps) {
  if (found.sessions.length === 0) {
    return (
      <Empty title="No sessions">
        <p>None began in this time and passes the filters. Choose a longer time, or remove a filter.</p>
      </Empty>
    );
  }
  const page = question.offset / PAGE_ROWS + 1;
  return (
    <>
      <p className={css.note} role="status">
        <span data-testid="total">{formatExact(found.total)}</span> sessions. Times in {clock.zone}.
      </p>
      <SessionTable
        sessions={found.sessions}
        caption="Sessions"
        clock={clock}
        sort={question.sort}
        onSort={(sort) => changeQuery({ sort: sort === NEWEST ? "" : sort, page: "" }, "push")}
      />
      {(page > 1 || found.next !== null) && (
        <div className={css.pages}>
          <Button variant="default" size="xs" disabled={page === 1} onClick={() => go(page - 1)}>
            Previous
          </Button>
          <span>
            Page {formatExact(page)} of {formatExact(Math.ceil(found.total / PAGE_ROWS))}
          </span>
          <Button variant="default" size="xs" disabled={found.next === null} onClick={() => go(page + 1)}>
            Next
          </Button>
        </div>
      )}
    </>
  );
}
