import type { DeliveryReport } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import { clockIn, formatBytes, formatCount, formatDuration, formatExact } from "../../../format/format";
import css from "./ExportList.module.css";

/** Names of files and their prefixes are in UTC, so the page's times are too. */
const UTC = clockIn("UTC");

/** Each destination with what it has, what waits, and what holds it up. */
export function ExportList({ deliveries }: { readonly deliveries: readonly DeliveryReport[] }) {
  return (
    <ul className={css.list} aria-label="Destinations of files">
      {deliveries.map((one) => (
        <li key={one.name} className={css.item}>
          <div className={css.head}>
            <h3 className={css.name}>{one.name}</h3>
            <p className={css.what}>
              {one.source} as {FORMATS[one.format] ?? one.format} to <code className={css.place}>{one.place}</code>
            </p>
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
          {one.epochs_missing > 0 ? (
            <p className={css.more}>
              {formatExact(one.epochs_missing)} epochs from before are not in its files;{" "}
              <code className={css.place}>footfall deliver backfill {one.name}</code> writes them.
            </p>
          ) : null}
          {problemsOf(one).map((problem) => (
            <div key={problem} className={css.problem}>
              <LongText text={problem} />
            </div>
          ))}
        </li>
      ))}
    </ul>
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

function problemsOf(one: DeliveryReport): string[] {
  const failed = one.error === "" ? [] : [`Failed ${formatExact(one.failures)} times, the last time: ${one.error}`];
  if (one.error !== "" && one.kept_until > 0)
    failed.push(`What waits is kept, the oldest until ${UTC.full(one.kept_until)} UTC.`);
  if (one.epochs_lost === 0 && one.requests_lost === 0) return failed;
  const lost = `${formatExact(one.epochs_lost)} epochs and ${formatExact(one.requests_lost)} requests are lost for it`;
  return [...failed, `${lost}: it was behind for longer than they are kept.`];
}
