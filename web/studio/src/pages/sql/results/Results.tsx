import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { failureText } from "../../../api/client";
import type { SqlLimits } from "../../../api/generated";
import { Empty } from "../../../components/states/Empty";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { type Clock, formatBytes, formatDuration, formatExact } from "../../../format/format";
import { type Asked, type FileKind, type Found, readAnswerFile } from "../api";
import type { Run } from "../useRun";
import { ResultChart } from "./ResultChart";
import { ResultTable } from "./ResultTable";
import css from "./Results.module.css";

export const EXAMPLES = [
  { title: "Events by name", sql: "SELECT event_name, count(*) AS n\nFROM events\nGROUP BY ALL ORDER BY n DESC" },
  {
    title: "Sessions by day",
    sql: "SELECT started_at::DATE AS day, count(*) AS sessions, count(DISTINCT visitor_id) AS visitors\nFROM sessions\nGROUP BY ALL ORDER BY day DESC",
  },
  { title: "What failed", sql: "SELECT reason, protocol, count(*) AS n, max(received_at) AS last\nFROM failed_events\nGROUP BY ALL ORDER BY n DESC" },
];

const US = 1_000_000;
const OLD_MS = 12 * 3_600_000;

type Props = {
  readonly run: Run;
  readonly clock: Clock;
  /** Of every statement; null until they are known. */
  readonly limits: SqlLimits | null;
  readonly onExample: (sql: string) => void;
};

/** The answer, or why there is none. */
export function Results({ run, clock, limits, onExample }: Props) {
  switch (run.kind) {
    case "nothing":
      return (
        <Empty title="Ask the project">
          <p>Write a SELECT over the tables, or begin with one of these:</p>
          <p className={css.examples}>
            {EXAMPLES.map(({ title, sql }) => (
              <Button key={title} variant="default" size="xs" onClick={() => onExample(sql)}>
                {title}
              </Button>
            ))}
          </p>
          {limits && <p>{limitsText(limits)}</p>}
        </Empty>
      );
    case "running":
      return (
        <Loading label="Running" slow={`Still running. It ends by itself ${limits ? `after ${formatDuration(limits.time_max_us / US)}` : "at the limit of time"}, and at once with Cancel.`}>
          {["a", "b", "c", "d", "e", "f"].map((key) => (
            <Skeleton key={key} height={20} mb={8} />
          ))}
        </Loading>
      );
    case "stopped":
      return (
        <Empty title="Stopped">
          <p>The statement was ended before it had an answer.</p>
        </Empty>
      );
    case "failed":
      return <Failure title="The statement has no answer" error={run.error} retry={run.again} again="Run again" />;
    case "found":
      return <Answer found={run.found} asked={run.asked} clock={clock} limits={limits} />;
  }
}

function limitsText({ time_max_us, memory_max_bytes, rows_max, answer_bytes_max }: SqlLimits): string {
  const parts = [formatDuration(time_max_us / US), `${formatBytes(memory_max_bytes)} of memory`, `${formatExact(rows_max)} rows`, `${formatBytes(answer_bytes_max)} of answer`];
  return `Limits of a statement: ${parts.join(", ")}.`;
}

/** The server writes a cut each second while events come; one of another day says its day. */
function isOld(us: number): boolean {
  return Date.now() - us / 1000 > OLD_MS;
}

const VIEWS = [
  { value: "table", label: "Table" },
  { value: "chart", label: "Chart" },
];

type AnswerProps = { readonly found: Found; readonly asked: Asked; readonly clock: Clock; readonly limits: SqlLimits | null };

function Answer({ found, asked, clock, limits }: AnswerProps) {
  const { answer, took } = found;
  const [view, setView] = useState("table");
  const rows = `${formatExact(answer.rows.length)} ${answer.rows.length === 1 ? "row" : "rows"}`;
  return (
    <>
      <div className={css.bar}>
        <p className={css.note} role="status">
          {rows} in {took < 1000 ? `${Math.max(1, Math.round(took))} ms` : `${(took / 1000).toFixed(1)} s`}, as of{" "}
          <time className="number" title={clock.full(answer.cut_published_at)}>
            {isOld(answer.cut_published_at) ? clock.full(answer.cut_published_at) : clock.second(answer.cut_published_at)}
          </time>{" "}
          {clock.zone}
        </p>
        {answer.rows.length > 0 && <SegmentedControl size="xs" aria-label="How the answer is shown" data={VIEWS} value={view} onChange={setView} />}
        <Download asked={asked} />
      </div>
      {answer.is_cut_off && (
        <p className={css.cut}>
          There is more: the limit of rows or bytes was reached, in the files too. A click on a head sorts these rows
          alone; let the statement ask for less.{limits && ` ${limitsText(limits)}`}
        </p>
      )}
      {answer.rows.length > 0 && (view === "table" ? <ResultTable answer={answer} /> : <ResultChart answer={answer} />)}
      {answer.rows.length === 0 && (
        <Empty title="No rows" level={2}>
          <p>The statement ran, and nothing matches.</p>
        </Empty>
      )}
    </>
  );
}

/** The answer as a file. It is asked for anew, since the page's numbers may be rounded for show. */
function Download({ asked }: { readonly asked: Asked }) {
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState<FileKind | null>(null);
  const save = async (kind: FileKind) => {
    setBusy(kind);
    setError(null);
    try {
      offer(await readAnswerFile(asked, kind), kind);
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setBusy(null);
    }
  };
  return (
    <>
      {error && (
        <p className={css.failure} role="alert">
          No file: {failureText(error)}
        </p>
      )}
      {FILES.map(({ kind, title }) => (
        <Button
          key={kind}
          variant="default"
          size="xs"
          loading={busy === kind}
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() => void save(kind)}
        >
          {title}
        </Button>
      ))}
    </>
  );
}

const FILES = [
  { kind: "csv", title: "CSV" },
  { kind: "parquet", title: "Parquet" },
] as const;

function offer(file: Blob, kind: FileKind): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `footfall.${kind}`;
  link.click();
  // The browser has taken it once this task is over.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
