import { useCallback, useMemo } from "react";
import type { EventsAnswer, EventsQuestion, EventsRow, TileDataShape } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import { exactNumber } from "../../../charts/data";
import type { CartesianKind } from "../../../charts/draw/cartesian";
import { drawn, summaryOf } from "../../../charts/draw/draw";
import { rowOf } from "../../../charts/draw/point";
import type { Size } from "../../../charts/draw/fit";
import type { Palette } from "../../../charts/palette";
import { changeText, shortOf } from "./figures";
import { groupText } from "./groups";
import css from "./Result.module.css";
import { bucketText, type Opening, openingOf } from "./sheet";

type Props = {
  readonly answer: EventsAnswer;
  readonly question: EventsQuestion;
  readonly kind: EventsKind;
  readonly onOpen: (opening: Opening) => void;
};

/** How series are drawn: over time, as shares of the whole range, or as their numbers alone. */
export type EventsKind = CartesianKind | "pie" | "number";

const COUNTS = new Set<string>(["events", "visitors", "users", "sessions", "distinct"]);

export function EventsResult({ answer, question, kind, onOpen }: Props) {
  const { data, openings } = useMemo(() => charted(answer, question, kind === "pie"), [answer, question, kind]);
  const option = useCallback((palette: Palette, size: Size) => drawn(kind === "number" ? "line" : kind, data, palette, size), [kind, data]);
  const pick = useCallback(
    (part: unknown) => {
      const opening = openings[rowOf(part) ?? -1];
      if (opening) onOpen(opening);
    },
    [openings, onOpen],
  );
  return (
    <>
      <Totals answer={answer} question={question} onOpen={onOpen} />
      {kind !== "number" && <Chart height={340} summary={summaryOf("Events", kind, data)} option={option} onPick={pick} />}
    </>
  );
}

/** The whole range of each series: for visitors and the like it is not the sum of its parts. */
function Totals({ answer, question, onOpen }: Omit<Props, "kind">) {
  const whole = answer.rows.filter(({ bucket, scope }) => bucket === null && scope === "all");
  return (
    <dl className={css.totals}>
      {whole
        .filter(({ is_previous }) => !is_previous)
        .map((row) => {
          const before = whole.find(({ is_previous, number }) => is_previous && number === row.number);
          const opening = openingOf(row, [], "whole range", question.series[row.number]?.measure);
          return (
            <div key={row.number} className={css.total}>
              <dt>
                <bdi>{row.series}</bdi>
              </dt>
              <dd className={css.big} title={exactNumber(row.value)}>
                {opening ? (
                  <button type="button" className={css.open} onClick={() => onOpen(opening)}>
                    {shortOf(row.value)}
                  </button>
                ) : (
                  shortOf(row.value)
                )}
              </dd>
              {before && (
                <dd className={css.change}>
                  {changeText(row.value, before.value)} <span>before: {shortOf(before.value)}</span>
                </dd>
              )}
            </div>
          );
        })}
    </dl>
  );
}

/** Rows for the chart, each with what it opens to: over time, or the range as a whole where it is one bucket or wanted. */
export function charted(answer: EventsAnswer, question: EventsQuestion, isWhole = false): { readonly data: TileDataShape; readonly openings: readonly (Opening | undefined)[] } {
  const { buckets, by } = answer;
  const isOverTime = buckets.length > 1 && !isWhole;
  const isGrouped = by.length > 0;
  const shown = answer.rows.filter(({ bucket, scope, is_previous }) => (bucket !== null) === isOverTime && (isGrouped ? scope !== "all" : true) && !(isWhole && is_previous));
  const isCount = (question.formulas ?? []).length === 0 && question.series.every(({ measure = "events" }) => COUNTS.has(measure));
  const hasMany = question.series.length + (question.formulas ?? []).length > 1;
  const name = (row: EventsRow) => {
    const parts = [hasMany || !isGrouped ? row.series : "", isGrouped ? groupText(row) : ""].filter(Boolean).join(" · ");
    return row.is_previous ? `${parts} (before)` : parts;
  };
  const at = ({ bucket }: EventsRow) => (bucket === null ? null : (buckets[bucket]?.start.slice(0, 19) ?? null));
  const kept = shown.filter((row) => !isOverTime || at(row) !== null);
  const names = new Set(kept.map(name));
  // One line alone has the accent's colour, and its own name where values are said.
  const [only = "value"] = names.size === 1 ? names : [];
  const data: TileDataShape = {
    columns: [isOverTime ? { name: "time", type: "TIMESTAMP" } : { name: "name", type: "VARCHAR" }, { name: "series", type: "VARCHAR" }, { name: only, type: isCount ? "BIGINT" : "DOUBLE" }],
    rows: kept.map((row) => [isOverTime ? at(row) : name(row), name(row), row.value]),
    roles: isOverTime ? { x: "time", y: [only], ...(names.size === 1 ? {} : { colour: "series" }) } : { x: "name", y: [only] },
    cells: null,
    cut_published_at: answer.cut_published_at,
    cut_sequence: answer.cut_sequence,
    is_cut_off: false,
    notes: [],
    sql: answer.sql,
  };
  const openings = kept.map((row) => {
    const bucket = row.bucket === null ? null : (row.is_previous ? answer.previous_buckets : buckets)[row.bucket];
    return openingOf(row, by, bucket ? bucketText(bucket.start) : "whole range", question.series[row.number]?.measure);
  });
  return { data, openings };
}
