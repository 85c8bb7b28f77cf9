import { useCallback, useMemo } from "react";
import type { LifecycleAnswer } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { ChartData } from "../../../charts/data";
import { cartesian } from "../../../charts/draw/cartesian";
import { rowOf } from "../../../charts/draw/point";
import type { Palette } from "../../../charts/palette";
import { shareText } from "./figures";
import css from "./Result.module.css";
import { bucketText, type Opening } from "./sheet";

type Props = { readonly answer: LifecycleAnswer; readonly onOpen: (opening: Opening) => void };

/** Who is there above the line, who stayed away below it. */
export function LifecycleResult({ answer, onOpen }: Props) {
  const { rows, units, stickiness } = answer;
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
  const option = useCallback((palette: Palette) => cartesian("stacked_bar", data, palette), [data]);
  const pick = useCallback(
    (part: unknown) => {
      const row = rows[rowOf(part) ?? -1];
      if (row) onOpen({ cell: row.cell, count: row.count, title: `${row.state}, ${bucketText(units[row.unit]?.start ?? "")}` });
    },
    [rows, units, onOpen],
  );
  const last = stickiness.at(-1);
  const said = rows.slice(-4).map(({ state, count }) => `${state} ${count}`).join(", ");
  return (
    <>
      <Chart height={340} summary={`Life cycle over ${units.length} units; in the last one ${said}`} option={option} onPick={pick} />
      {last && last.days !== null && (
        <p className={css.note}>
          Stickiness: those who were there in the last unit came on {last.days.toFixed(1)} of its days ({shareText(last.share)}).
        </p>
      )}
    </>
  );
}
