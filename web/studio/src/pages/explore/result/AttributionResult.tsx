import { useCallback, useMemo } from "react";
import type { AttributionAnswer, AttributionRow } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import { type ChartData, exactNumber } from "../../../charts/data";
import { cartesian } from "../../../charts/draw/cartesian";
import type { Size } from "../../../charts/draw/fit";
import { rowOf } from "../../../charts/draw/point";
import type { Palette } from "../../../charts/palette";
import { formatExact } from "../../../format/format";
import { AnswerTable } from "./AnswerTable";
import { groupText, inGroup } from "./groups";
import css from "./Result.module.css";
import { ofGroup, type Opening, type Sheet, touchText } from "./sheet";

type Props = {
  readonly answer: AttributionAnswer;
  /** Whose credit is drawn; "" is that of all groups, side by side. */
  readonly group: string;
  readonly sheet: Sheet;
  readonly onOpen: (opening: Opening) => void;
};
const SHOWN_MAX = 20;
/** Of all groups together, so that each can be told from the next. */
const BARS_MAX = 80;
const TOUCHES_MIN = 3;

/** How much of the conversions is whose, and below it the numbers. */
export function AttributionResult({ answer, group, sheet, onOpen }: Props) {
  const { rows, data } = useMemo(() => credited(answer, group), [answer, group]);
  const option = useCallback((palette: Palette, size: Size) => cartesian("bar", data, palette, size), [data]);
  const pick = useCallback(
    (part: unknown) => {
      const row = rows[rowOf(part) ?? -1];
      if (row) onOpen({ cell: row.cell, count: row.count, title: `${touchText(row)}${ofGroup(answer.by, row)}` });
    },
    [answer, rows, onOpen],
  );
  const said = rows.map((row) => `${touchText(row)}${ofGroup(answer.by, row)} ${exactNumber(row.credit)}`).join(", ");
  const own = group === "" ? answer : inGroup(answer.groups ?? [], group)[0];
  return (
    <>
      <p className={css.note}>
        {formatExact(own?.conversions ?? 0)} conversions{typeof own?.value === "number" ? `, worth ${exactNumber(own.value)}` : ""}. Credit of all their touch points adds up to them.
      </p>
      <Chart height={260} summary={`Credit by touch point: ${said}`} option={option} onPick={pick} />
      <AnswerTable sheet={sheet} label="Touch points" onOpen={onOpen} />
    </>
  );
}

/** Bars and the rows that they are of: one for each touch point, or one of each group beside the others. */
export function credited(answer: AttributionAnswer, group: string): { readonly rows: readonly AttributionRow[]; readonly data: ChartData } {
  const isBeside = group === "" && answer.by.length > 0;
  const most = isBeside ? Math.max(TOUCHES_MIN, Math.floor(BARS_MAX / (answer.groups ?? []).length)) : SHOWN_MAX;
  const touches = inGroup(answer.rows, group).slice(0, Math.min(most, SHOWN_MAX));
  const shown = new Set(touches.map(touchText));
  const rows = isBeside ? answer.rows.filter((row) => row.scope !== "all" && shown.has(touchText(row))) : touches;
  return {
    rows,
    data: {
      columns: [
        { name: "touch point", type: "VARCHAR" },
        { name: "group", type: "VARCHAR" },
        { name: "credit", type: "DOUBLE" },
      ],
      rows: rows.map((row) => [touchText(row), groupText(row), row.credit]),
      roles: { x: "touch point", y: ["credit"], ...(isBeside ? { colour: "group" } : {}) },
    },
  };
}
