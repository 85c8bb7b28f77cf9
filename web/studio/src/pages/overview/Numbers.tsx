import { useCallback, useMemo } from "react";
import type { EventsAnswer, EventsRow } from "../../api/generated";
import { Chart } from "../../charts/Chart";
import { type ChartData, exactNumber, shortNumber } from "../../charts/data";
import { cartesian } from "../../charts/draw/cartesian";
import type { Size } from "../../charts/draw/fit";
import { rowOf } from "../../charts/draw/point";
import type { Palette } from "../../charts/palette";
import { comparedWords } from "../../components/scene/scene";
import { formatDuration } from "../../format/format";
import { useQueryValue } from "../../router/query";
import { changeText } from "../explore/result/figures";
import { bucketText, type Opening, openingOf } from "../explore/result/sheet";
import type { Asked, Metric } from "./metrics";
import css from "./OverviewPage.module.css";

type Props = { readonly asked: Asked; readonly answer: EventsAnswer; readonly zone: string; readonly onOpen: (opening: Opening) => void };

/** The numbers of the whole range, and the chosen one over time. */
export function Numbers({ asked, answer, zone, onOpen }: Props) {
  const [chosen, choose] = useQueryValue("metric");
  const metric = asked.metrics.find(({ id }) => id === chosen) ?? asked.metrics[0];
  const compared = comparedWords(asked.question.compare ?? "none");
  return (
    <section aria-label="Numbers">
      <ul className={css.numbers}>
        {asked.metrics.map((one) => (
          <li key={one.id} className={css.metric} data-chosen={one === metric ? "yes" : undefined}>
            <Figure metric={one} asked={asked} answer={answer} onOpen={onOpen} onChoose={() => choose(one.id === "visitors" ? "" : one.id, "push")} isChosen={one === metric} />
          </li>
        ))}
      </ul>
      {metric && <Series metric={metric} asked={asked} answer={answer} onOpen={onOpen} />}
      <p className={css.note}>{[compared && `${compared}.`, `Times in ${zone}.`].filter(Boolean).join(" ")}</p>
    </section>
  );
}

type FigureProps = Omit<Props, "zone"> & { readonly metric: Metric; readonly isChosen: boolean; readonly onChoose: () => void };

function Figure({ metric, asked, answer, isChosen, onOpen, onChoose }: FigureProps) {
  const rows = answer.rows.filter(({ bucket, number }) => bucket === null && number === asked.numberOf(metric.id));
  const [now, before] = [rows.find(({ is_previous }) => !is_previous), rows.find(({ is_previous }) => is_previous)];
  const value = now?.value ?? null;
  const opened = asked.openedFor(metric);
  const counted = answer.rows.find(({ bucket, number, is_previous }) => bucket === null && !is_previous && number === asked.numberOf(opened.id));
  const opening = counted && openingOf(counted, [], "whole range", asked.question.series[counted.number]?.measure);
  const change = changeText(value, before?.value ?? null);
  const isGood = change.startsWith("▲") === metric.isMoreBetter;
  return (
    <>
      <button type="button" className={css.label} aria-pressed={isChosen} title={metric.meaning} onClick={onChoose}>
        {metric.label}
      </button>
      <span className={css.figure} title={exactNumber(value)}>
        {opening ? (
          <button type="button" className={css.open} aria-label={`${metric.label}: ${said(metric, value)}, show who`} onClick={() => onOpen({ ...opening, title: opened.title })}>
            {said(metric, value)}
          </button>
        ) : (
          said(metric, value)
        )}
      </span>
      {asked.question.compare !== "none" && (
        <span className={css.change} data-tone={change.startsWith("±") || !change ? undefined : isGood ? "good" : "bad"} title={before && `Before: ${said(metric, before.value)}`}>
          {change || (before?.value ? "–" : "nothing before")}
        </span>
      )}
    </>
  );
}

function said({ kind }: Metric, value: number | null): string {
  if (value === null) return "–";
  if (kind === "percent") return `${shortNumber(Math.round(value * 10) / 10)} %`;
  if (kind === "seconds") return formatDuration(value);
  return kind === "ratio" ? shortNumber(Math.round(value * 100) / 100) : shortNumber(value);
}

type SeriesProps = Omit<FigureProps, "isChosen" | "onChoose">;

function Series({ metric, asked, answer, onOpen }: SeriesProps) {
  const number = asked.numberOf(metric.id);
  const beside = asked.question.compare === "year" ? "Year before" : "Period before";
  const rows = useMemo(() => {
    const own = answer.rows.filter((row) => row.number === number && row.bucket !== null && row.bucket < answer.buckets.length);
    const before = own.filter(({ is_previous }) => is_previous);
    // Where nothing was before, a line along the ground says nothing.
    return [...own.filter(({ is_previous }) => !is_previous), ...(before.some(({ value }) => value) ? before : [])];
  }, [answer, number]);
  const data = useMemo<ChartData>(
    () => ({
      columns: [
        { name: "time", type: "TIMESTAMP" },
        { name: "period", type: "VARCHAR" },
        { name: "value", type: metric.kind === "count" ? "BIGINT" : "DOUBLE" },
      ],
      rows: rows.map((row) => [startOf(answer, row), row.is_previous ? beside : metric.label, row.value]),
      roles: { x: "time", y: ["value"], colour: "period" },
    }),
    [answer, rows, metric, beside],
  );
  const option = useCallback((palette: Palette, size: Size) => cartesian("line", data, palette, size, { [metric.label]: palette.accent, [beside]: palette.muted }), [data, metric, beside]);
  const pick = useCallback(
    (part: unknown) => {
      const drawn = rows[rowOf(part) ?? -1];
      // A formula counts nobody: what it is made of opens in its place.
      const opened = asked.openedFor(metric);
      const row = drawn && answer.rows.find((one) => one.number === asked.numberOf(opened.id) && one.bucket === drawn.bucket && one.is_previous === drawn.is_previous);
      const own = row && (row.is_previous ? answer.previous_buckets : answer.buckets)[row.bucket ?? 0];
      const opening = row && openingOf(row, [], own ? bucketText(own.start) : "", asked.question.series[row.number]?.measure);
      if (opening) onOpen({ ...opening, title: `${opened.title}, ${own ? bucketText(own.start) : ""}` });
    },
    [answer, asked, metric, rows, onOpen],
  );
  const whole = answer.rows.find((row) => row.number === number && row.bucket === null && !row.is_previous)?.value ?? null;
  return <Chart height={260} summary={`${metric.label} over time; ${exactNumber(whole)} in the whole range`} option={option} onPick={pick} />;
}

/** Where a row is drawn: one of the period before at the same place as today's. */
function startOf({ buckets }: EventsAnswer, { bucket }: EventsRow): string | null {
  return bucket === null ? null : (buckets[bucket]?.start.slice(0, 19) ?? null);
}
