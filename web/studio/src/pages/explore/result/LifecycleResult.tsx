import { useCallback, useMemo } from "react";
import type { LifecycleAnswer, LifecycleRow, Stickiness } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { ChartData } from "../../../charts/data";
import { cartesian } from "../../../charts/draw/cartesian";
import type { Size } from "../../../charts/draw/fit";
import { rowOf } from "../../../charts/draw/point";
import type { Palette } from "../../../charts/palette";
import { formatExact } from "../../../format/format";
import { shareText } from "./figures";
import { bySize, groupKey, groupText, inGroup } from "./groups";
import css from "./Result.module.css";
import { bucketText, ofGroup, type Opening } from "./sheet";

type Props = {
  readonly answer: LifecycleAnswer;
  /** Whose states are drawn; "" is everybody's. */
  readonly group: string;
  /** What a unit is called: day, week or month. */
  readonly unitName: string;
  readonly onOpen: (opening: Opening) => void;
};

const STATES = ["new", "retained", "returning", "dormant"] as const;

/** Who is there above the line, who stayed away below it. */
export function LifecycleResult({ answer, group, unitName, onOpen }: Props) {
  const { units, by } = answer;
  const rows = useMemo(() => inGroup(answer.rows, group), [answer, group]);
  const data = useMemo<ChartData>(
    () => ({
      columns: [
        { name: "time", type: "TIMESTAMP" },
        { name: "state", type: "VARCHAR" },
        { name: "count", type: "BIGINT" },
      ],
      rows: rows.map(({ unit, state, count }) => [units[unit]?.start.slice(0, 19) ?? null, state, state === "dormant" ? -count : count]),
      roles: { x: "time", y: ["count"], colour: "state" },
    }),
    [rows, units],
  );
  const option = useCallback((palette: Palette, size: Size) => cartesian("stacked_bar", data, palette, size), [data]);
  const pick = useCallback(
    (part: unknown) => {
      const row = rows[rowOf(part) ?? -1];
      if (row) onOpen(openingOf(answer, row));
    },
    [answer, rows, onOpen],
  );
  const last = lastWhole(answer, group);
  const said = rows.slice(-4).map(({ state, count }) => `${state} ${count}`).join(", ");
  if (rows.length === 0) return <p className={css.note}>Nobody of this group was there.</p>;
  return (
    <>
      <Chart height={340} summary={`Life cycle over ${units.length} units; in the last one ${said}`} option={option} onPick={pick} />
      {last && last.days !== null && unitName !== "day" && (
        <p className={css.note}>
          Stickiness: those who were there in the {unitName} of {bucketText(units[last.unit]?.start ?? "")} came on {last.days.toFixed(1)} of its days ({shareText(last.share)}).
        </p>
      )}
      {by.length > 0 && <Groups answer={answer} onOpen={onOpen} />}
    </>
  );
}

/** Stickiness of the last unit that is over: in one that has just begun everybody came on all of its days. */
export function lastWhole({ stickiness, units }: LifecycleAnswer, group: string): Stickiness | undefined {
  return inGroup(stickiness, group).findLast(({ unit, days }) => units[unit]?.is_complete && days !== null);
}

function openingOf({ units, by }: LifecycleAnswer, row: LifecycleRow): Opening {
  return { cell: row.cell, count: row.count, title: `${row.state}, ${bucketText(units[row.unit]?.start ?? "")}${ofGroup(by, row)}` };
}

/** The last unit of each group; everybody is in one, so that they add up. */
function Groups({ answer, onOpen }: Pick<Props, "answer" | "onOpen">) {
  const last = answer.units.length - 1;
  const rows = answer.rows.filter(({ unit }) => unit === last);
  const there = (key: string) => rows.reduce((sum, row) => sum + (groupKey(row) === key && row.state !== "dormant" ? row.count : 0), 0);
  const groups = new Map(bySize(rows, (row) => there(groupKey(row))).map((row) => [groupKey(row), groupText(row)]));
  const sticky = new Map(answer.stickiness.filter(({ unit }) => unit === last).map((one) => [groupKey(one), one.days]));
  const title = `By group, from ${bucketText(answer.units[last]?.start ?? "")}`;
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} tabIndex={0} role="region" aria-label={title}>
      <h2 className={css.part}>{title}</h2>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{answer.by.join(" · ")}</th>
            {STATES.map((state) => (
              <th key={state} scope="col" className={css.figure}>
                {state}
              </th>
            ))}
            <th scope="col" className={css.figure}>
              days there
            </th>
          </tr>
        </thead>
        <tbody>
          {[...groups].map(([key, said]) => (
            <tr key={key}>
              <th scope="row">
                <bdi>{said}</bdi>
              </th>
              {STATES.map((state) => {
                const row = rows.find((one) => one.state === state && groupKey(one) === key);
                return (
                  <td key={state} className={css.figure}>
                    {row && (
                      <button type="button" className={css.open} onClick={() => onOpen(openingOf(answer, row))}>
                        {formatExact(row.count)}
                      </button>
                    )}
                  </td>
                );
              })}
              <td className={css.figure}>{sticky.get(key)?.toFixed(1) ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
