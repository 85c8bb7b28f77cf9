import { Button, Skeleton } from "@mantine/core";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { clockIn } from "../../format/format";
import type { EditorHandle } from "./editor/Editor";
import { useHistory } from "./history/history";
import { HistoryPanel } from "./history/HistoryPanel";
import { Results } from "./results/Results";
import css from "./SqlPage.module.css";
import { TablesPanel } from "./tables/TablesPanel";
import { useTables } from "./tables/useTables";
import { useRun } from "./useRun";
import { useStatement } from "./useStatement";

const Editor = lazy(() => import("./editor/Editor"));
/** SQL's instants are in UTC, so the page's are too. */
const UTC = clockIn("UTC");
const ROWS_SHOWN = 100;
const RUN_KEY = navigator.userAgent.includes("Mac") ? "⌘" : "Ctrl";
const NO_TABLES: never[] = [];

/** Questions in SQL, and their answers. */
export default function SqlPage() {
  const { asked, isInAddress, ask } = useStatement();
  const { run, again } = useRun(asked);
  const { history, remember, forget } = useHistory();
  const shown = useTables();
  const tables = useMemo(() => (shown.kind === "tables" ? shown.tables : NO_TABLES), [shown]);
  const editor = useRef<EditorHandle>(null);
  const [draft, setDraft] = useState(asked);
  const [former, setFormer] = useState(asked);
  if (former !== asked) {
    // Back, or a statement of the history: the editor shows what the answer is of.
    setFormer(asked);
    setDraft(asked);
  }
  const go = (sql: string) => {
    const statement = sql.trim();
    if (statement === "") return;
    remember(statement);
    setDraft(statement);
    if (statement === asked) again();
    else ask(statement);
  };
  return (
    <div className={css.page}>
      <div className={css.work}>
        <h1 className={css.title}>SQL</h1>
        <Suspense fallback={<Skeleton height={142} />}>
          <Editor ref={editor} value={draft} tables={tables} onChange={setDraft} onRun={() => go(draft)} />
        </Suspense>
        <div className={css.bar}>
          {run.kind === "running" ? (
            <Button size="xs" variant="default" leftSection={<IconPlayerStop size={14} aria-hidden />} onClick={run.cancel}>
              Cancel
            </Button>
          ) : (
            <Button size="xs" leftSection={<IconPlayerPlay size={14} aria-hidden />} disabled={draft.trim() === ""} onClick={() => go(draft)}>
              Run
            </Button>
          )}
          <p className={css.hint}>
            <kbd>{RUN_KEY}</kbd> <kbd>Enter</kbd> runs it
            {asked !== "" && !isInAddress && "; it is too long for the address, so keep it in a file"}
          </p>
        </div>
        <Results run={run} clock={UTC} onExample={go} />
      </div>
      <div className={css.side}>
        <TablesPanel
          shown={shown}
          onColumn={(name) => editor.current?.insert(name)}
          onTable={(name) => go(`SELECT * FROM ${name} LIMIT ${ROWS_SHOWN}`)}
        />
        <HistoryPanel history={history} onPick={go} onForget={forget} />
      </div>
    </div>
  );
}
