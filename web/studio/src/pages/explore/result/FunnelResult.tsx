import { useCallback, useMemo } from "react";
import type { FunnelAnswer, FunnelStepTime } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { ChartData } from "../../../charts/data";
import { cartesian } from "../../../charts/draw/cartesian";
import type { Size } from "../../../charts/draw/fit";
import { rowOf } from "../../../charts/draw/point";
import type { Palette } from "../../../charts/palette";
import { formatDuration, formatExact } from "../../../format/format";
import { shareText } from "./figures";
import { bySize, groupText, inGroup } from "./groups";
import css from "./Result.module.css";
import { bucketText, ofGroup, type Opening } from "./sheet";

type Props = { readonly answer: FunnelAnswer; readonly onOpen: (opening: Opening) => void };
type GroupProps = Props & {
  /** Whose steps are drawn; "" is everybody's. */
  readonly group: string;
};

/** A bar for each step, as long as the share of the first that got there. */
export function FunnelResult({ answer, group, onOpen }: GroupProps) {
  const { by } = answer;
  const steps = inGroup(answer.rows, group);
  const previous = answer.previous ? inGroup(answer.previous.rows, group) : null;
  const speed = inGroup(answer.speeds, group)[0]?.median_seconds ?? null;
  const times = inGroup(answer.step_times ?? [], group);
  return (
    <>
      <ol className={css.steps} aria-label="Steps of the funnel">
        {steps.map((row) => (
          <li key={row.step} className={css.step}>
            <div className={css.stepHead}>
              <span className={css.stepName}>
                {row.step} <bdi>{row.label}</bdi>
              </span>
              <button type="button" className={css.open} onClick={() => onOpen({ cell: row.cell, count: row.count, title: `${row.step} ${row.label}${ofGroup(by, row)}` })}>
                <strong>{formatExact(row.count)}</strong>
              </button>
              <span className={css.share}>{shareText(row.of_first)}</span>
            </div>
            <div className={css.track} aria-hidden>
              <span className={css.bar} style={{ width: `${(row.of_first ?? 0) * 100}%` }} />
            </div>
            <p className={css.stepNote}>
              {previous && <>{formatExact(previous.find(({ step }) => step === row.step)?.count ?? 0)} before. </>}
              {row.step > 1 && <>{shareText(row.of_previous)} of the step before. </>}
              {row.dropped_cell !== null && (
                <>
                  <button
                    type="button"
                    className={css.open}
                    onClick={() => onOpen({ cell: row.dropped_cell ?? "", count: row.dropped, title: `No further than ${row.step} ${row.label}${ofGroup(by, row)}` })}
                  >
                    {formatExact(row.dropped)}
                  </button>{" "}
                  went no further.
                </>
              )}
              {stepTimeText(times.find(({ step }) => step === row.step))}
            </p>
          </li>
        ))}
      </ol>
      <p className={css.note}>{speed === null ? "Nobody took every step." : `Half of those who took every step were through within ${formatDuration(speed)}.`}</p>
      {answer.by.length > 0 && <Groups answer={answer} onOpen={onOpen} />}
      {(answer.trend ?? []).length > 0 && <Trend answer={answer} group={group} onOpen={onOpen} />}
      {speed !== null && <Times answer={answer} group={group} onOpen={onOpen} />}
    </>
  );
}

function Groups({ answer, onOpen }: Props) {
  const rows = answer.rows.filter(({ scope }) => scope !== "all");
  const steps = [...new Set(rows.map(({ step }) => step))];
  const groups = bySize(inStep(rows, steps[0]), ({ count }) => count).map(groupText);
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} tabIndex={0} role="region" aria-label="Steps by group">
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{answer.by.join(" · ")}</th>
            {steps.map((step) => (
              <th key={step} scope="col" className={css.figure}>
                Step {step}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group}>
              <th scope="row">
                <bdi>{group}</bdi>
              </th>
              {steps.map((step) => {
                const row = rows.find((one) => one.step === step && groupText(one) === group);
                return (
                  <td key={step} className={css.figure}>
                    {row && (
                      <button type="button" className={css.open} onClick={() => onOpen({ cell: row.cell, count: row.count, title: `${step} ${row.label}, ${group}` })}>
                        {formatExact(row.count)}
                      </button>
                    )}{" "}
                    <span className={css.muted}>{row && shareText(row.of_first)}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inStep<Row extends { readonly step: number }>(rows: readonly Row[], wanted: number | undefined): readonly Row[] {
  return rows.filter(({ step }) => step === wanted);
}

/** Of those who began in each bucket, how many took every step. */
function Trend({ answer, group, onOpen }: GroupProps) {
  const rows = useMemo(() => inGroup(answer.trend ?? [], group).filter(({ step }) => step === Math.max(...answer.rows.map((row) => row.step))), [answer, group]);
  const data = useMemo<ChartData>(
    () => ({
      columns: [
        { name: "time", type: "TIMESTAMP" },
        { name: "took every step, %", type: "DOUBLE" },
      ],
      rows: rows.map(({ bucket, of_first }) => [answer.buckets?.[bucket]?.start.slice(0, 19) ?? null, of_first === null ? null : Math.round(of_first * 1000) / 10]),
      roles: { x: "time", y: ["took every step, %"] },
    }),
    [rows, answer],
  );
  const option = useCallback((palette: Palette, size: Size) => cartesian("line", data, palette, size), [data]);
  const pick = useCallback(
    (part: unknown) => {
      const row = rows[rowOf(part) ?? -1];
      if (row) onOpen({ cell: row.cell, count: row.count, title: `Began ${bucketText(answer.buckets?.[row.bucket]?.start ?? "")}, took every step${ofGroup(answer.by, row)}` });
    },
    [rows, answer, onOpen],
  );
  const said = rows.map(({ bucket, count }) => `${bucketText(answer.buckets?.[bucket]?.start ?? "")}: ${count}`).join(", ");
  return (
    <section>
      <h2 className={css.part}>Share that took every step, by when they began</h2>
      <Chart height={200} summary={`Trend of the funnel: ${said}`} option={option} onPick={pick} />
    </section>
  );
}

function Times({ answer, group, onOpen }: GroupProps) {
  const times = useMemo(() => withoutEmptyEnds(inGroup(answer.times, group)), [answer, group]);
  const data = useMemo<ChartData>(
    () => ({
      columns: [
        { name: "time", type: "VARCHAR" },
        { name: "count", type: "BIGINT" },
      ],
      rows: times.map(({ from_seconds, to_seconds, count }) => [`${roundText(from_seconds)} – ${roundText(to_seconds)}`, count]),
      roles: { x: "time", y: ["count"] },
    }),
    [times],
  );
  const option = useCallback((palette: Palette, size: Size) => cartesian("bar", data, palette, size), [data]);
  const pick = useCallback(
    (part: unknown) => {
      const row = times[rowOf(part) ?? -1];
      if (row) onOpen({ cell: row.cell, count: row.count, title: `Took ${formatDuration(row.from_seconds)} to ${formatDuration(row.to_seconds)}${ofGroup(answer.by, row)}` });
    },
    [answer, times, onOpen],
  );
  if (times.length === 0) return null;
  return (
    <section>
      <h2 className={css.part}>Time from the first step to the last</h2>
      <Chart height={200} summary={`Times to convert: ${data.rows.map(([time, count]) => `${String(time)}: ${String(count)}`).join(", ")}`} option={option} onPick={pick} />
    </section>
  );
}

/** How long a step took after the one before; "" where it was not asked for, or nobody took it. */
export function stepTimeText(time: FunnelStepTime | undefined): string {
  if (!time || time.median_seconds === null || time.p90_seconds === null) return "";
  return ` Half got here within ${formatDuration(time.median_seconds)} of the step before, nine in ten within ${formatDuration(time.p90_seconds)}.`;
}

/** From the first bar that somebody is in to the last. */
function withoutEmptyEnds<T extends { readonly count: number }>(times: readonly T[]): readonly T[] {
  const [first, last] = [times.findIndex(({ count }) => count > 0), times.findLastIndex(({ count }) => count > 0)];
  return first < 0 ? [] : times.slice(first, last + 1);
}

/** 600 → "10 m". */
function roundText(seconds: number): string {
  return formatDuration(seconds).replace(/ 0 [ms]$/, "");
}
