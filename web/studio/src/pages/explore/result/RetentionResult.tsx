import { useCallback, useMemo } from "react";
import type { RetentionAnswer, RetentionRow } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { ChartData } from "../../../charts/data";
import { cartesian } from "../../../charts/draw/cartesian";
import type { Size } from "../../../charts/draw/fit";
import { rowOf } from "../../../charts/draw/point";
import type { Palette } from "../../../charts/palette";
import { formatExact } from "../../../format/format";
import { roundShare, shareText } from "./figures";
import { groupText, inGroup } from "./groups";
import css from "./Result.module.css";
import { bucketText, type Opening } from "./sheet";

type Props = {
  readonly answer: RetentionAnswer;
  /** What a period is called: day, week or month. */
  readonly unitName: string;
  readonly onOpen: (opening: Opening) => void;
};
type GroupProps = Props & {
  /** Whose cohorts are shown; "" is everybody's. */
  readonly group: string;
};

/** The curve of all cohorts (of each group, where there are groups), and a row for each cohort. */
export function RetentionResult({ answer, group, unitName, onOpen }: GroupProps) {
  return (
    <>
      <Curve answer={answer} unitName={unitName} onOpen={onOpen} />
      <Cohorts answer={answer} group={group} unitName={unitName} onOpen={onOpen} />
    </>
  );
}

function titleOf({ cohorts }: RetentionAnswer, row: RetentionRow): string {
  const cohort = row.cohort === null ? "All cohorts" : `Cohort ${bucketText(cohorts[row.cohort]?.start ?? "")}`;
  return row.scope === "all" ? cohort : `${cohort}, ${groupText(row)}`;
}

/** What its share is not yet: for all cohorts together, of everybody. */
function noteOf(row: RetentionRow, unitName: string): string {
  if (row.cohort === null && row.observed < row.size) return `: cohorts whose ${unitName} ${row.period} is over`;
  return row.is_complete ? "" : ", not over yet";
}

function back(answer: RetentionAnswer, row: RetentionRow): Opening {
  return { cell: row.cell, count: row.count, title: `${titleOf(answer, row)}, back in ${row.period}` };
}

function Curve({ answer, unitName, onOpen }: Props) {
  const isGrouped = answer.by.length > 0;
  const rows = useMemo(() => answer.rows.filter(({ cohort, scope }) => cohort === null && (isGrouped ? scope !== "all" : true)), [answer, isGrouped]);
  const data = useMemo<ChartData>(
    () => ({
      columns: [
        { name: "period", type: "VARCHAR" },
        { name: "group", type: "VARCHAR" },
        { name: "back, %", type: "DOUBLE" },
      ],
      rows: rows.map((row) => [String(row.period), groupText(row), row.rate === null ? null : row.rate * 100]),
      roles: { x: "period", y: ["back, %"], ...(isGrouped ? { colour: "group" } : {}) },
    }),
    [rows, isGrouped],
  );
  const option = useCallback((palette: Palette, size: Size) => cartesian("line", data, palette, size), [data]);
  const pick = useCallback(
    (part: unknown) => {
      const row = rows[rowOf(part) ?? -1];
      if (row) onOpen(back(answer, row));
    },
    [answer, rows, onOpen],
  );
  if (rows.every(({ rate }) => rate === null)) {
    return <p className={css.note}>No {unitName} is over yet: the curve begins with the first that is.</p>;
  }
  const said = rows.map((row) => `${groupText(row)} ${row.period}: ${shareText(row.rate)}`).join(", ");
  return (
    <>
      <h2 className={css.part}>
        Came back, in % of those whose {unitName} is over, by {unitName}s since they began
      </h2>
      <Chart height={220} summary={`Share that came back, by period: ${said}`} option={option} onPick={pick} />
    </>
  );
}

function Cohorts({ answer, group, unitName, onOpen }: GroupProps) {
  const rows = inGroup(answer.rows, group);
  const periods = [...new Set(rows.map(({ period }) => period))];
  const cohorts: readonly (number | null)[] = [null, ...answer.cohorts.map((_, at) => at)];
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} tabIndex={0} role="region" aria-label="Cohorts">
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">Cohort</th>
            <th scope="col" className={css.figure}>
              Size
            </th>
            {periods.map((period) => (
              <th key={period} scope="col" className={css.figure}>
                <span className="visually-hidden">{unitName} </span>
                {period}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cohorts.map((cohort) => {
            const own = rows.filter((row) => row.cohort === cohort);
            const [first] = own;
            if (!first || (cohort !== null && first.size === 0)) return null;
            return (
              <tr key={cohort ?? "all"}>
                <th scope="row">{cohort === null ? "All" : bucketText(answer.cohorts[cohort]?.start ?? "")}</th>
                <td className={css.figure}>
                  <button type="button" className={css.open} onClick={() => onOpen({ cell: first.size_cell, count: first.size, title: titleOf(answer, first) })}>
                    {formatExact(first.size)}
                  </button>
                </td>
                {own.map((row) => (
                  <td key={row.period} className={css.heat} data-partial={row.is_complete ? undefined : "yes"} style={{ backgroundColor: `color-mix(in srgb, var(--accent) ${Math.round((row.rate ?? 0) * 35)}%, transparent)` }}>
                    <button
                      type="button"
                      className={css.open}
                      title={`${formatExact(row.count)} of ${formatExact(row.observed)}${noteOf(row, unitName)}`}
                      aria-label={`${titleOf(answer, row)}, ${unitName} ${row.period}: ${row.count}, ${roundShare(row.rate)}`}
                      onClick={() => onOpen(back(answer, row))}
                    >
                      {roundShare(row.rate)}
                    </button>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className={css.note}>
        Shares of the cohort; in italics where they may still grow. “All” and the curve count only cohorts whose {unitName} is over.
      </p>
    </div>
  );
}
