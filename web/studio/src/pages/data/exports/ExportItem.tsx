import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { failureText } from "../../../api/client";
import type { DeliveryReport } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import { clockIn, formatBytes, formatCount, formatDuration, formatExact } from "../../../format/format";
import head from "../crawls/CrawlItem.module.css";
import { pauseDelivery, resumeDelivery } from "./api";
import css from "./ExportList.module.css";

/** Names of files and their prefixes are in UTC, so the page's times are too. */
const UTC = clockIn("UTC");

/** A destination with what it has, what waits, and what holds it up. */
export function ExportItem({ one }: { readonly one: DeliveryReport }) {
  const client = useQueryClient();
  const { paused_at: pausedAt = 0 } = one;
  const isPaused = pausedAt > 0;
  const change = useMutation({
    mutationFn: () => (isPaused ? resumeDelivery : pauseDelivery)(one.name),
    onSettled: () => client.invalidateQueries({ queryKey: ["deliveries"] }),
  });
  return (
    <li className={css.item}>
      <div className={head.head}>
        <div className={css.head}>
          <h3 className={css.name}>{one.name}</h3>
          <p className={css.what}>
            {one.source} as {FORMATS[one.format] ?? one.format} to <code className={css.place}>{one.place}</code>
          </p>
        </div>
        <Button
          size="xs"
          variant="default"
          loading={change.isPending}
          aria-label={`${isPaused ? "Resume" : "Pause"}: ${one.name}`}
          onClick={() => change.mutate()}
        >
          {isPaused ? "Resume" : "Pause"}
        </Button>
      </div>
      <dl className={css.facts}>
        <Fact name="Files" value={formatCount(one.files)} exact={formatExact(one.files)} />
        <Fact name="Records" value={formatCount(one.records)} exact={formatExact(one.records)} />
        <Fact name="Size" value={formatBytes(one.bytes)} exact={`${formatExact(one.bytes)} bytes`} />
        <Fact name="Lag" value={one.lag_ms > 0 ? formatDuration(one.lag_ms / 1000) : "none"} />
        <Fact
          name="Waiting"
          value={`${formatCount(one.backlog_requests)} requests`}
          exact={`${formatExact(one.backlog_epochs)} epochs`}
        />
      </dl>
      <p className={css.more}>{lastFile(one)}</p>
      {isPaused ? <p className={css.paused}>{pausedText(one, pausedAt)}</p> : null}
      {one.epochs_missing > 0 ? (
        <p className={css.more}>
          {formatExact(one.epochs_missing)} epochs from before are not in its files;{" "}
          <code className={css.place}>footfall deliver backfill {one.name}</code> writes them.
        </p>
      ) : null}
      {[...problemsOf(one), ...(change.error ? [failureText(change.error)] : [])].map((problem) => (
        <div key={problem} className={css.problem}>
          <LongText text={problem} />
        </div>
      ))}
    </li>
  );
}

const FORMATS: Readonly<Record<string, string>> = {
  jsonl: "JSON lines",
  json: "multi-document JSON",
  csv: "CSV",
  parquet: "Parquet",
};

function Fact({ name, value, exact }: { readonly name: string; readonly value: string; readonly exact?: string }) {
  return (
    <div className={css.fact}>
      <dt>{name}</dt>
      <dd className="number" title={exact}>
        {value}
      </dd>
    </div>
  );
}

function lastFile({ last_path: path, last_at: at, place }: DeliveryReport) {
  if (path === "") return "No file yet.";
  return (
    <>
      Last file at <time className="number">{UTC.full(at)} UTC</time>:{" "}
      <code className={css.place}>{path.startsWith(`${place}/`) ? path.slice(place.length + 1) : path}</code>
    </>
  );
}

function pausedText({ kept_until: keptUntil }: DeliveryReport, pausedAt: number): string {
  const since = `Paused since ${UTC.full(pausedAt)} UTC: nothing is written.`;
  return keptUntil > 0 ? `${since} What waits is kept, the oldest until ${UTC.full(keptUntil)} UTC.` : since;
}

function problemsOf(one: DeliveryReport): string[] {
  const { held = "" } = one;
  const failed = held === "" ? [] : [`Held, nothing is written until it is mended: ${held}`];
  if (one.error !== "") failed.push(`Failed ${formatExact(one.failures)} times, the last time: ${one.error}`);
  if (failed.length > 0 && one.kept_until > 0)
    failed.push(`What waits is kept, the oldest until ${UTC.full(one.kept_until)} UTC.`);
  if (one.epochs_lost === 0 && one.requests_lost === 0) return failed;
  const lost = `${formatExact(one.epochs_lost)} epochs and ${formatExact(one.requests_lost)} requests are lost for it`;
  return [...failed, `${lost}: it was behind for longer than they are kept.`];
}
