import { useCallback, useMemo } from "react";
import type { AttributionAnswer } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import { type ChartData, exactNumber } from "../../../charts/data";
import { cartesian } from "../../../charts/draw/cartesian";
import { rowOf } from "../../../charts/draw/point";
import type { Palette } from "../../../charts/palette";
import { formatExact } from "../../../format/format";
import { AnswerTable } from "./AnswerTable";
import css from "./Result.module.css";
import type { Opening, Sheet } from "./sheet";

type Props = { readonly answer: AttributionAnswer; readonly sheet: Sheet; readonly onOpen: (opening: Opening) => void };
const SHOWN_MAX = 20;

/** How much of the conversions is whose, and below it the numbers. */
export function AttributionResult({ answer, sheet, onOpen }: Props) {
  const rows = useMemo(() => answer.rows.slice(0, SHOWN_MAX), [answer]);
  const data = useMemo<ChartData>(
    () => ({
      columns: [
        { name: "touch point", type: "VARCHAR" },
        { name: "credit", type: "DOUBLE" },
      ],
      rows: rows.map(({ label, is_direct, credit }) => [is_direct ? "direct" : (label ?? "(none)"), credit]),
      roles: { x: "touch point", y: ["credit"] },
    }),
    [rows],
  );
  const option = useCallback((palette: Palette) => cartesian("bar", data, palette), [data]);
  const pick = useCallback(
    (part: unknown) => {
      const row = rows[rowOf(part) ?? -1];
      if (row) onOpen({ cell: row.cell, count: row.count, title: row.is_direct ? "direct" : (row.label ?? "(none)") });
    },
    [rows, onOpen],
  );
  const said = data.rows.map(([label, credit]) => `${String(label)} ${exactNumber(Number(credit))}`).join(", ");
  return (
    <>
      <p className={css.note}>
        {formatExact(answer.conversions)} conversions{answer.value === null ? "" : `, worth ${exactNumber(answer.value)}`}. Credit of all rows adds up to them.
      </p>
      <Chart height={260} summary={`Credit by touch point: ${said}`} option={option} onPick={pick} />
      <AnswerTable sheet={sheet} label="Touch points" onOpen={onOpen} />
    </>
  );
}
