import "@mantine/core/styles/Menu.css";
import "@mantine/core/styles/Switch.css";
import { ActionIcon, Button, Menu, Skeleton, Switch } from "@mantine/core";
import { IconBookmark, IconChartBar, IconCode, IconDots, IconFileTypeCsv, IconLayoutDashboard, IconPhoto, IconTable } from "@tabler/icons-react";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { ApiError, readFile } from "../../../api/client";
import { Empty } from "../../../components/states/Empty";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { SideDrawer } from "../../../components/SideDrawer";
import { Snippet } from "../../../components/Snippet";
import { saveBlob, saveCsv, saveData } from "../../../format/files";
import { useQueryValue } from "../../../router/query";
import { readPalette } from "../../../charts/palette";
import { pictureOf } from "../../../charts/picture";
import { type Answered, answerOf } from "../api";
import { KeepDrawer } from "../keep/KeepDrawer";
import { MembersDrawer } from "../members/MembersDrawer";
import { SaveDrawer } from "../saved/SaveDrawer";
import { missingIn } from "../state/missing";
import { type Asked, pinnedTo } from "../state/question";
import { wordsOf } from "../state/words";
import { AnswerTable } from "./AnswerTable";
import { AttributionResult } from "./AttributionResult";
import { CompareResult } from "./CompareResult";
import { type EventsKind, EventsResult } from "./EventsResult";
import { FunnelResult } from "./FunnelResult";
import { GroupChoice } from "./GroupChoice";
import { groupOptions } from "./groups";
import { LifecycleResult } from "./LifecycleResult";
import { PathResult } from "./PathResult";
import css from "./Result.module.css";
import { RetentionResult } from "./RetentionResult";
import { ofGroup, type Opening, openingIn, type Sheet, sheetOf } from "./sheet";

type Props = { readonly asked: Asked; readonly tools?: ReactNode };

/** How often a live result asks whether there is newer data; the server answers from memory while there is none. */
const LIVE_MS = 3_000;

/** The answer to a question, in whichever state it is. */
export function ResultPanel({ asked, tools }: Props) {
  const missing = missingIn(asked);
  const [live] = useQueryValue("live");
  const client = useQueryClient();
  const key = ["explore", asked];
  const query = useQuery({
    queryKey: key,
    // An answer that says the same stays the same object: what did not change is not drawn again.
    refetchInterval: live ? LIVE_MS : false,
    queryFn: ({ signal }) => answerOf(asked, signal),
    // The answer of another model has another shape and is no placeholder.
    placeholderData: (before) => (before?.model === asked.model ? keepPreviousData(before) : undefined),
    enabled: missing === null,
    retry: false,
  });
  // The connection ends, and the server's work with it.
  const end = () => void client.cancelQueries({ queryKey: key });
  const words = <p className={css.words}>{wordsOf(asked)}</p>;
  if (missing !== null) {
    return (
      <Framed words={words}>
        <Empty title="Not yet a question">
          <p>{missing}</p>
        </Empty>
      </Framed>
    );
  }
  if (query.error) {
    return (
      <Framed words={words}>
        <Failure title="There is no answer" error={query.error} retry={() => void query.refetch()}>
          <Problems error={query.error} />
        </Failure>
      </Framed>
    );
  }
  if (!query.data && query.fetchStatus === "idle") {
    return (
      <Framed words={words}>
        <Empty title="The question was ended">
          <p>Nothing of it goes on.</p>
          <Button size="xs" variant="default" onClick={() => void query.refetch()}>
            Ask again
          </Button>
        </Empty>
      </Framed>
    );
  }
  if (!query.data || query.data.model !== asked.model) {
    return (
      <Framed words={words} tools={<End onEnd={end} />}>
        <Loading slow="Still counting: the range is long or the machine is busy. End it, or ask another question: that ends it, too.">
          <Skeleton height={340} />
        </Loading>
      </Framed>
    );
  }
  return <Shown asked={asked} answered={query.data} isOld={query.isPlaceholderData} words={words} tools={query.isPlaceholderData ? <End onEnd={end} /> : tools} renew={() => void query.refetch()} />;
}

function End({ onEnd }: { readonly onEnd: () => void }) {
  return (
    <Button size="compact-xs" variant="default" onClick={onEnd}>
      End the question
    </Button>
  );
}

function Problems({ error }: { readonly error: Error }) {
  const problems = error instanceof ApiError && error.failure.kind === "problem" ? (error.failure.problem.problems ?? []) : [];
  if (problems.length < 2) return null;
  return (
    <ul className={css.problems}>
      {problems.map((problem) => (
        <li key={problem}>{problem}</li>
      ))}
    </ul>
  );
}

function Framed({ words, tools, children }: { readonly words: ReactNode; readonly tools?: ReactNode; readonly children: ReactNode }) {
  return (
    <section className={css.panel} aria-label="Result">
      <div className={css.head}>
        {words}
        <span className={css.tools}>{tools}</span>
      </div>
      {children}
    </section>
  );
}

type ShownProps = {
  readonly asked: Asked;
  readonly answered: Answered;
  readonly isOld: boolean;
  readonly words: ReactNode;
  readonly tools: ReactNode;
  readonly renew: () => void;
};

function Shown({ asked, answered, isOld, words, tools, renew }: ShownProps) {
  const [view, setView] = useQueryValue("view");
  const [cell, setCell] = useQueryValue("cell");
  const [isSqlShown, setIsSqlShown] = useState(false);
  const [isKeeping, setIsKeeping] = useState(false);
  const [isSaving, setIsSaving] = useState(false);
  const [live, setLive] = useQueryValue("live");
  const [wanted, setGroup] = useQueryValue("group");
  const groups = useMemo(() => groupOptions(answered), [answered]);
  // One that the answer has no more is everything.
  const group = groups.some(({ value }) => value === wanted) ? wanted : "";
  const drawn = useRef<HTMLDivElement>(null);
  const title = `${asked.model} report`;
  const sheet = useMemo(() => sheetOf(answered, asked.model === "events" ? asked.question.series : []), [answered, asked]);
  const before = useMemo(() => beforeOf(answered), [answered]);
  const opening = useMemo(() => (cell ? openedBy(answered, sheet, cell) : null), [answered, sheet, cell]);
  const open = (chosen: Opening) => setCell(chosen.cell, "push");
  const isTable = view === "table";
  const beside = asked.question.compare === "year" ? "The same dates a year before" : "The period before";
  const { answer } = answered;
  return (
    <Framed
      words={words}
      tools={
        <>
          {tools}
          <Menu position="bottom-end" shadow="sm" transitionProps={{ duration: 80 }} withinPortal>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label="More about this result">
                <IconDots size={16} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={isTable ? <IconChartBar size={14} aria-hidden /> : <IconTable size={14} aria-hidden />} onClick={() => setView(isTable ? "" : "table", "push")}>
                {isTable ? "Show the chart" : "Show as a table"}
              </Menu.Item>
              <Menu.Item leftSection={<IconCode size={14} aria-hidden />} onClick={() => setIsSqlShown(true)}>
                Show the SQL
              </Menu.Item>
              <Menu.Item leftSection={<IconFileTypeCsv size={14} aria-hidden />} onClick={() => saveCsv(title, csvData(sheet))}>
                Save as CSV
              </Menu.Item>
              <Menu.Item leftSection={<IconTable size={14} aria-hidden />} onClick={() => void saveParquet(title, answer.sql)}>
                Save as Parquet
              </Menu.Item>
              {!isTable && hasChart(answered, view) && (
                <Menu.Item leftSection={<IconPhoto size={14} aria-hidden />} onClick={() => void savePicture(title, drawn.current)}>
                  Save as PNG
                </Menu.Item>
              )}
              <Menu.Item leftSection={<IconBookmark size={14} aria-hidden />} onClick={() => setIsSaving(true)}>
                Save as a report
              </Menu.Item>
              <Menu.Item leftSection={<IconLayoutDashboard size={14} aria-hidden />} onClick={() => setIsKeeping(true)}>
                Add to a dashboard
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <div ref={drawn} data-old={isOld ? "yes" : undefined} aria-busy={isOld}>
        {isEmpty(answered) ? (
          <Empty title="Nothing matches">
            <p>No event of this range is one that the question asks for. Choose a longer range, other events, or remove a filter.</p>
          </Empty>
        ) : isTable ? (
          <AnswerTable sheet={sheet} label="Answer" onOpen={open} />
        ) : (
          <>
            {groups.length > 0 && <GroupChoice by={answer.by} options={groups} value={group} onChange={(key) => setGroup(key, "push")} />}
            <Drawn asked={asked} answered={answered} group={group} sheet={sheet} view={view} onOpen={open} />
            {before && (
              <section aria-label={beside}>
                <h2 className={css.part}>{beside}</h2>
                <Drawn asked={asked} answered={before} group={group} sheet={sheetOf(before, [])} view={view} onOpen={open} />
              </section>
            )}
          </>
        )}
      </div>
      <div className={css.foot}>
        {isPartial(answered) && <span className={css.attention}>The last of these {unitOf(asked)}s is not over yet.</span>}
        {(answer.notes ?? []).map((note) => (
          <span key={note} className={css.attention}>
            {note}
          </span>
        ))}
        {answer.way === "index" && <span>From the journey index</span>}
        <Age at={answer.cut_published_at / 1000} />
        <Switch size="xs" label="Live" checked={live === "1"} onChange={(change) => setLive(change.currentTarget.checked ? "1" : "", "replace")} />
        <Button variant="subtle" size="compact-xs" onClick={renew}>
          Renew
        </Button>
      </div>
      <SideDrawer isOpen={isSqlShown} title="SQL of this result" closing="Close the SQL" size={640} onClose={() => setIsSqlShown(false)}>
        <Snippet label="the statement" text={answer.sql} />
      </SideDrawer>
      <SaveDrawer isOpen={isSaving} asked={asked} view={view} onClose={() => setIsSaving(false)} />
      <KeepDrawer isOpen={isKeeping} asked={asked} view={view} onClose={() => setIsKeeping(false)} />
      <MembersDrawer asked={pinnedTo(asked, answer.segments_at)} opening={opening} onClose={() => setCell("", "push")} />
    </Framed>
  );
}

/** The rows of the statement, with types. */
async function saveParquet(title: string, sql: string): Promise<void> {
  saveBlob(title, await readFile("/api/sql/parquet", { body: { sql } }), "parquet");
}

async function savePicture(title: string, place: HTMLElement | null): Promise<void> {
  const svg = place?.querySelector<SVGSVGElement>("[role=img] svg");
  if (svg) saveData(title, await pictureOf(svg, readPalette().raised), "png");
}

/** Steps and variants are drawn by the page itself, the rest by a chart that can be a picture; numbers and nothing are none. */
export function hasChart(answered: Answered, view: string): boolean {
  const { model, answer } = answered;
  if (isEmpty(answered) || model === "funnel" || model === "compare") return false;
  if (model === "path") return answer.rows.some(({ is_end }) => !is_end);
  return model !== "events" || view !== "number";
}

const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

function Age({ at }: { readonly at: number }) {
  return <time dateTime={new Date(at).toISOString()}>Computed on the data of {MOMENT.format(at)}</time>;
}

type DrawnProps = { readonly asked: Asked; readonly answered: Answered; readonly group: string; readonly sheet: Sheet; readonly view: string; readonly onOpen: (opening: Opening) => void };

function Drawn({ asked, answered, group, sheet, view, onOpen }: DrawnProps) {
  switch (answered.model) {
    case "events":
      return asked.model === "events" ? <EventsResult answer={answered.answer} question={asked.question} kind={chartOf(view, answered.answer.buckets.length)} onOpen={onOpen} /> : null;
    case "funnel":
      return <FunnelResult answer={answered.answer} group={group} onOpen={onOpen} />;
    case "path":
      return asked.model === "path" ? <PathResult answer={answered.answer} question={asked.question} group={group} onOpen={onOpen} /> : null;
    case "retention":
      return <RetentionResult answer={answered.answer} group={group} unitName={unitOf(asked)} onOpen={onOpen} />;
    case "lifecycle":
      return <LifecycleResult answer={answered.answer} group={group} unitName={unitOf(asked)} onOpen={onOpen} />;
    case "attribution":
      return <AttributionResult answer={answered.answer} group={group} sheet={sheet} onOpen={onOpen} />;
    case "compare":
      return <CompareResult answer={answered.answer} onOpen={onOpen} />;
  }
}

/** The answer of the period before, where it is drawn by itself: steps and series have it beside their own numbers. */
function beforeOf(answered: Answered): Answered | null {
  switch (answered.model) {
    case "path":
      return answered.answer.previous ? { model: "path", answer: answered.answer.previous } : null;
    case "retention":
      return answered.answer.previous ? { model: "retention", answer: answered.answer.previous } : null;
    case "lifecycle":
      return answered.answer.previous ? { model: "lifecycle", answer: answered.answer.previous } : null;
    case "attribution":
      return answered.answer.previous ? { model: "attribution", answer: answered.answer.previous } : null;
    case "events":
    case "funnel":
    case "compare":
      return null;
  }
}

export const CHARTS = [
  { value: "", label: "Line" },
  { value: "area", label: "Area" },
  { value: "bar", label: "Bars" },
  { value: "stacked_bar", label: "Stacked bars" },
  { value: "pie", label: "Pie" },
  { value: "number", label: "Numbers" },
  { value: "table", label: "Table" },
] as const;

function chartOf(view: string, buckets: number): EventsKind {
  if (view === "area" || view === "bar" || view === "stacked_bar" || view === "pie" || view === "number") return view;
  return buckets > 1 ? "line" : "bar";
}

/** Whether the last part of what is drawn over time may still grow. */
function isPartial({ model, answer }: Answered): boolean {
  if (model === "events") return answer.buckets.at(-1)?.is_complete === false;
  return model === "lifecycle" && answer.units.at(-1)?.is_complete === false;
}

function unitOf({ model, question }: Asked): string {
  if (model === "events") return question.granularity ?? "day";
  if (model === "retention") return question.unit ?? "day";
  return model === "lifecycle" ? (question.unit ?? "week") : "";
}

function isEmpty({ model, answer }: Answered): boolean {
  switch (model) {
    case "events":
      return answer.rows.every(({ value }) => value === null || value === 0);
    case "funnel":
      return answer.rows.every(({ count }) => count === 0);
    case "retention":
      return answer.rows.every(({ size }) => size === 0);
    case "path":
      return answer.nodes.length === 0;
    case "lifecycle":
      return answer.rows.every(({ count }) => count === 0);
    case "attribution":
      return answer.conversions === 0;
    case "compare":
      return answer.rows.length === 0;
  }
}

/** What a key in the address opens; those that are in no table have a plain title. */
function openedBy({ model, answer }: Answered, sheet: Sheet, cell: string): Opening {
  if (model === "path") {
    const node = answer.nodes.find((one) => one.cell === cell);
    if (node) return { cell, count: node.count, title: `${node.label ?? "(others)"}, step ${node.step}${ofGroup(answer.by, node)}` };
  }
  if (model === "funnel") {
    const time = answer.times.find((one) => one.cell === cell);
    if (time) return { cell, count: time.count, title: `Took ${time.from_seconds} to ${time.to_seconds} s${ofGroup(answer.by, time)}` };
  }
  if (model === "compare") {
    if (answer.mixed_cell === cell) return { cell, count: answer.mixed, title: "Got several variants" };
    const part = (answer.groups ?? []).find((one) => one.mixed_cell === cell);
    if (part) return { cell, count: part.mixed, title: `Got several variants${ofGroup(answer.by, part)}` };
  }
  return openingIn(sheet, cell) ?? { cell, count: null, title: "Those that were counted" };
}

function csvData({ columns, rows }: Sheet) {
  return {
    columns: columns.map(({ name, kind }) => ({ name, type: kind === "text" ? "VARCHAR" : "DOUBLE", meaning: "" })),
    rows: rows.map((row) => row.map(({ value }) => value)),
  };
}
