import { Button, NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { failureText } from "../../../api/client";
import type { Crawl } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import { clockIn, formatDuration, formatExact } from "../../../format/format";
import list from "../exports/ExportList.module.css";
import { runCrawl, scheduleCrawl } from "./api";
import css from "./CrawlItem.module.css";
import { Report } from "./Report";

const UTC = clockIn("UTC");
const SECOND_US = 1_000_000;
const TIMES: readonly (readonly [number, string])[] = [
  [0, "on demand only"],
  [900, "every 15 minutes"],
  [3_600, "hourly"],
  [86_400, "daily"],
];

/** One place: how often it is looked at, what is there, what changed. */
export function CrawlItem({ crawl }: { readonly crawl: Crawl }) {
  const client = useQueryClient();
  const onSuccess = () => client.invalidateQueries({ queryKey: ["crawls"] });
  const run = useMutation({ mutationFn: () => runCrawl(crawl.name), onSettled: onSuccess });
  const schedule = useMutation({ mutationFn: (seconds: number) => scheduleCrawl(crawl.name, seconds), onSuccess });
  const { report, problem = "", tried_at: triedAt = 0 } = crawl;
  const error = run.error ?? schedule.error;
  return (
    <li className={list.item}>
      <div className={css.head}>
        <div className={list.head}>
          <h3 className={list.name}>{crawl.name}</h3>
          <p className={list.what}>
            of <code className={list.place}>{crawl.place}</code>
          </p>
        </div>
        <div className={css.actions}>
          <NativeSelect
            size="xs"
            aria-label={`How often ${crawl.name} is looked at`}
            data={times(crawl.every_us / SECOND_US)}
            value={String(crawl.every_us / SECOND_US)}
            disabled={schedule.isPending}
            onChange={(event) => schedule.mutate(Number(event.currentTarget.value))}
          />
          <Button
            size="xs"
            variant="default"
            loading={run.isPending}
            aria-label={`Crawl now: ${crawl.name}`}
            onClick={() => run.mutate()}
          >
            Crawl now
          </Button>
        </div>
      </div>
      {report ? <Report report={report} /> : <p className={list.more}>It did not run yet.</p>}
      <p className={list.more}>
        Last looked at <time className="number">{triedAt ? `${UTC.full(triedAt)} UTC` : "never"}</time>
        {run.data && ` · ${readOf(run.data.files_read)}`}
      </p>
      {[...(problem === "" ? [] : [`The last run failed: ${problem}`]), ...(error ? [failureText(error)] : [])].map((text) => (
        <div key={text} className={list.problem} role="alert">
          <LongText text={text} />
        </div>
      ))}
      <History crawl={crawl} />
    </li>
  );
}

function readOf(files: number): string {
  return `${formatExact(files)} new or changed ${files === 1 ? "file was" : "files were"} read`;
}

/** The usual times, and the one it has. */
function times(seconds: number) {
  const known = TIMES.some(([time]) => time === seconds);
  const all = known ? TIMES : [...TIMES, [seconds, `every ${formatDuration(seconds)}`] as const];
  return all.map(([value, label]) => ({ value: String(value), label }));
}

function History({ crawl: { history, report } }: { readonly crawl: Crawl }) {
  const before = (history ?? []).filter((one) => one.started_at !== report?.started_at);
  if (before.length === 0) return null;
  return (
    <details className={css.history}>
      <summary>{before.length === 1 ? "1 change before" : `${before.length} changes before`}</summary>
      <ol className={css.runs}>
        {before.map((one) => (
          <li key={one.started_at}>
            <time className="number">{UTC.full(one.started_at)} UTC</time>
            <Report report={one} />
          </li>
        ))}
      </ol>
    </details>
  );
}
