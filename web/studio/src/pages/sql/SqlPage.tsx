import { Button, Skeleton } from "@mantine/core";
import { IconAlignLeft, IconBookmark, IconLayoutDashboard, IconListTree, IconPlayerPlay, IconPlayerStop, IconTable } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { failureText } from "../../api/client";
import type { SavedQuery } from "../../api/generated";
import { clockIn } from "../../format/format";
import { type Asked, NOTHING, runSql } from "./api";
import type { EditorHandle } from "./editor/Editor";
import { faultIn } from "./editor/place";
import { useHistory } from "./history/history";
import { HistoryPanel } from "./history/HistoryPanel";
import { Results } from "./results/Results";
import { removeQuery, type Values } from "./saved/api";
import { KeepDrawer, type Keeping } from "./saved/KeepDrawer";
import { isDefinition, parametersIn } from "./saved/parameters";
import { tileOf } from "./saved/tile";
import { SavedPanel } from "./saved/SavedPanel";
import { QUERIES_KEY, useQueries } from "./saved/useQueries";
import { ValuesForm } from "./saved/ValuesForm";
import css from "./SqlPage.module.css";
import { TablesPanel } from "./tables/TablesPanel";
import { TABLES_KEY, useTables } from "./tables/useTables";
import { useReference } from "./useReference";
import { useRun } from "./useRun";
import { useStatement } from "./useStatement";

const AddDrawer = lazy(() => import("../dashboards/add/AddDrawer").then(({ AddDrawer: found }) => ({ default: found })));
const Editor = lazy(() => import("./editor/Editor"));
const PlanDrawer = lazy(() => import("./plan/PlanDrawer"));
/** SQL's instants are in UTC, so the page's are too. */
const UTC = clockIn("UTC");
const ROWS_SHOWN = 100;
const RUN_KEY = navigator.userAgent.includes("Mac") ? "⌘" : "Ctrl";
const NO_TABLES: never[] = [];
const NO_FUNCTIONS: never[] = [];

/** What was done last, or why not: of statements that define something, and of what is kept. */
type Said = { readonly text: string; readonly isFailure: boolean };

/** Questions in SQL, and their answers. */
export default function SqlPage() {
  const { asked, isInAddress, ask } = useStatement();
  const { run, again } = useRun(asked);
  const { history, remember, forget } = useHistory();
  const shown = useTables();
  const saved = useQueries();
  const reference = useReference();
  const client = useQueryClient();
  const tables = useMemo(() => (shown.kind === "tables" ? shown.tables : NO_TABLES), [shown]);
  const editor = useRef<EditorHandle>(null);
  const [draft, setDraft] = useState(asked.sql);
  const [former, setFormer] = useState(asked.sql);
  const [opened, setOpened] = useState<SavedQuery | null>(null);
  const [keeping, setKeeping] = useState<Keeping | null>(null);
  const [isAdding, setIsAdding] = useState(false);
  const [planOf, setPlanOf] = useState("");
  const [said, setSaid] = useState<Said | null>(null);
  if (former !== asked.sql) {
    // Back, or a statement of the history: the editor shows what the answer is of.
    setFormer(asked.sql);
    setDraft(asked.sql);
  }
  const ofAddress = saved.kind === "queries" ? saved.queries.find(({ name }) => name === asked.saved) : undefined;
  const picked = opened ?? ofAddress ?? null;
  // A query that was changed in the editor is another statement.
  const query = picked !== null && picked.sql.trim() === draft.trim() ? picked : null;
  const tile = useMemo(() => tileOf(draft, query, asked, run.kind === "found" ? run.found.answer : null), [draft, query, asked, run]);
  const fault = useMemo(() => (run.kind === "failed" ? faultIn(failureText(run.error), asked.sql, draft) : null), [run, asked.sql, draft]);
  const tell = (text: string) => setSaid({ text, isFailure: false });
  const refuse = (error: unknown) => setSaid({ text: error instanceof Error ? failureText(error) : String(error), isFailure: true });

  const question = (next: Asked) => {
    remember(next.sql);
    // A part that was marked runs alone, and the rest stays where it is.
    if (!draft.includes(next.sql)) setDraft(next.sql);
    else setFormer(next.sql);
    setSaid(null);
    const isSame = next.sql === asked.sql && next.saved === asked.saved && JSON.stringify(next.values) === JSON.stringify(asked.values);
    if (isSame) again();
    else ask(next);
  };
  const define = async (sql: string) => {
    remember(sql);
    try {
      const { answer } = await runSql(sql, new AbortController().signal);
      tell(String(answer.rows[0]?.[0] ?? "done"));
      ask(NOTHING);
      setFormer("");
      setDraft(sql);
      await client.invalidateQueries({ queryKey: TABLES_KEY });
    } catch (error) {
      refuse(error);
    }
  };
  const go = (sql: string) => {
    const statement = sql.trim();
    if (statement === "") return;
    if (isDefinition(statement)) void define(statement);
    else if (query !== null && query.parameters.length === 0) question({ sql: query.sql, saved: query.name, values: {} });
    else question({ sql: statement, saved: "", values: {} });
  };
  const runWritten = () => {
    if (!needsValues) go(editor.current?.selected().trim() || draft);
  };
  const tidy = async () => {
    const { formatted } = await import("./editor/format");
    try {
      setDraft(formatted(draft));
    } catch {
      refuse(new Error("The statement cannot be formatted as it stands. Run it: the answer says where it is wrong."));
    }
  };
  const open = (next: SavedQuery) => {
    setOpened(next);
    setDraft(next.sql);
    setSaid(null);
    if (next.parameters.length === 0) question({ sql: next.sql, saved: next.name, values: {} });
  };
  const remove = async ({ name }: SavedQuery) => {
    try {
      await removeQuery(name);
      tell(`the query ${name} was removed`);
      setOpened(null);
      await client.invalidateQueries({ queryKey: QUERIES_KEY });
    } catch (error) {
      refuse(error);
    }
  };
  const kept = (what: Keeping, text: string) => {
    setKeeping(null);
    tell(text);
    void client.invalidateQueries({ queryKey: what === "view" ? TABLES_KEY : QUERIES_KEY });
  };
  const runValues = (values: Values) => query && question({ sql: query.sql, saved: query.name, values });
  const isEmpty = draft.trim() === "";
  const needsValues = query !== null && query.parameters.length > 0;
  return (
    <div className={css.page}>
      <div className={css.work}>
        <h1 className={css.title}>SQL</h1>
        <Suspense fallback={<Skeleton height={142} />}>
          <Editor ref={editor} value={draft} tables={tables} functions={reference?.functions ?? NO_FUNCTIONS} fault={fault} onChange={setDraft} onRun={runWritten} />
        </Suspense>
        <div className={css.bar}>
          {run.kind === "running" ? (
            <Button size="xs" variant="default" leftSection={<IconPlayerStop size={14} aria-hidden />} onClick={run.cancel}>
              Cancel
            </Button>
          ) : (
            !needsValues && (
              <Button size="xs" leftSection={<IconPlayerPlay size={14} aria-hidden />} disabled={isEmpty} onClick={runWritten}>
                Run
              </Button>
            )
          )}
          <p className={css.hint}>
            <kbd>{RUN_KEY}</kbd> <kbd>Enter</kbd> runs it, or what is marked
            {asked.sql !== "" && !isInAddress && "; it is too long for the address, so keep it in a file"}
          </p>
          <div className={css.keep}>
            <Button size="xs" variant="subtle" disabled={isEmpty} leftSection={<IconAlignLeft size={14} aria-hidden />} onClick={() => void tidy()}>
              Format
            </Button>
            <Button
              size="xs"
              variant="subtle"
              disabled={isEmpty || isDefinition(draft) || parametersIn(draft).length > 0}
              leftSection={<IconListTree size={14} aria-hidden />}
              onClick={() => setPlanOf(draft.trim())}
            >
              Plan
            </Button>
            <Button
              size="xs"
              variant="subtle"
              disabled={isEmpty || isDefinition(draft)}
              leftSection={<IconBookmark size={14} aria-hidden />}
              onClick={() => setKeeping("query")}
            >
              Save query
            </Button>
            <Button
              size="xs"
              variant="subtle"
              disabled={isEmpty || isDefinition(draft) || parametersIn(draft).length > 0}
              leftSection={<IconTable size={14} aria-hidden />}
              onClick={() => setKeeping("view")}
            >
              Make a view
            </Button>
            <Button
              size="xs"
              variant="subtle"
              disabled={tile === null}
              title={tile === null && !isEmpty ? "Save a statement with parameters first; then it can be added by its name" : undefined}
              leftSection={<IconLayoutDashboard size={14} aria-hidden />}
              onClick={() => setIsAdding(true)}
            >
              Add to a dashboard
            </Button>
          </div>
        </div>
        {needsValues && <ValuesForm key={query.name} query={query} given={asked.saved === query.name ? asked.values : {}} onRun={runValues} />}
        {said && (
          <p className={said.isFailure ? css.refused : css.done} role={said.isFailure ? "alert" : "status"}>
            {said.text}
          </p>
        )}
        <Results run={run} clock={UTC} limits={reference?.limits ?? null} onExample={go} />
      </div>
      <div className={css.side}>
        <TablesPanel
          shown={shown}
          onColumn={(name) => editor.current?.insert(name)}
          onTable={(name) => go(`SELECT * FROM ${name} LIMIT ${ROWS_SHOWN}`)}
        />
        <SavedPanel shown={saved} onPick={open} onRemove={(each) => void remove(each)} />
        <HistoryPanel history={history} onPick={go} onForget={forget} />
      </div>
      <KeepDrawer keeping={keeping} sql={draft.trim()} former={keeping === "query" ? picked : null} onClose={() => setKeeping(null)} onKept={kept} />
      {planOf !== "" && (
        <Suspense fallback={null}>
          <PlanDrawer sql={planOf} onClose={() => setPlanOf("")} />
        </Suspense>
      )}
      {isAdding && tile && (
        <Suspense fallback={null}>
          <AddDrawer isOpen onClose={() => setIsAdding(false)} {...tile} />
        </Suspense>
      )}
    </div>
  );
}
