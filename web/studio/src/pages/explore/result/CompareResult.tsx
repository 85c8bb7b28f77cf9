import type { CompareAnswer, CompareRow } from "../../../api/generated";
import { formatExact } from "../../../format/format";
import { shareText } from "./figures";
import css from "./Result.module.css";
import type { Opening } from "./sheet";

type Props = { readonly answer: CompareAnswer; readonly onOpen: (opening: Opening) => void };

const VERDICTS = { control: "control", better: "better", worse: "worse", undecided: "not decided" } as const;
const SPLIT_MIN = 0.001;

/** What is known, in a sentence, and the numbers that it is known from. */
export function CompareResult({ answer, onOpen }: Props) {
  const most = Math.max(...answer.rows.map(({ rate_high }) => rate_high ?? 0), 0.0001);
  const isUneven = answer.split_p !== null && answer.split_p < SPLIT_MIN;
  return (
    <>
      <p className={css.verdict} data-tone={isUneven ? "attention" : undefined}>
        {answer.verdict}
      </p>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={css.scroll} tabIndex={0} role="region" aria-label="Variants">
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col" className={css.figure}>
                Got it
              </th>
              <th scope="col" className={css.figure}>
                Reached the goal
              </th>
              <th scope="col">Rate, and where it is with 95 %</th>
              <th scope="col" className={css.figure}>
                Difference to the control
              </th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {answer.rows.map((row) => (
              <Variant key={row.variant} row={row} most={most} onOpen={onOpen} />
            ))}
          </tbody>
        </table>
      </div>
      <p className={css.note}>
        <button type="button" className={css.open} onClick={() => onOpen({ cell: answer.mixed_cell, count: answer.mixed, title: "Got several variants" })}>
          {formatExact(answer.mixed)}
        </button>{" "}
        got several variants and are left out.
        {answer.split_p !== null && ` So uneven a split happens by chance with p = ${answer.split_p.toPrecision(2)}.`}
      </p>
    </>
  );
}

function Variant({ row, most, onOpen }: { readonly row: CompareRow; readonly most: number; readonly onOpen: Props["onOpen"] }) {
  const at = (share: number | null) => `${((share ?? 0) / most) * 100}%`;
  const width = `${(((row.rate_high ?? 0) - (row.rate_low ?? 0)) / most) * 100}%`;
  return (
    <tr>
      <th scope="row">
        <bdi>{row.variant}</bdi>
      </th>
      <td className={css.figure}>
        <button type="button" className={css.open} onClick={() => onOpen({ cell: row.size_cell, count: row.size, title: row.variant })}>
          {formatExact(row.size)}
        </button>
      </td>
      <td className={css.figure}>
        <button type="button" className={css.open} onClick={() => onOpen({ cell: row.cell, count: row.count, title: `${row.variant}, reached the goal` })}>
          {formatExact(row.count)}
        </button>
      </td>
      <td aria-label={`Rate ${shareText(row.rate)}, from ${shareText(row.rate_low)} to ${shareText(row.rate_high)}`}>
        <div className={css.rate}>
          <span className="number">
            {shareText(row.rate)} <span className={css.muted}>({shareText(row.rate_low)} to {shareText(row.rate_high)})</span>
          </span>
          <span className={css.interval} aria-hidden>
            <span className={css.whisker} style={{ left: at(row.rate_low), width }} />
            <span className={css.dot} style={{ left: at(row.rate) }} />
          </span>
        </div>
      </td>
      <td className={css.figure}>
        {row.is_control ? "–" : `${signed(row.difference)} (${signed(row.difference_low)} to ${signed(row.difference_high)})`}
      </td>
      <td className={css.word} data-verdict={row.verdict}>
        {VERDICTS[row.verdict]}
      </td>
    </tr>
  );
}

function signed(share: number | null): string {
  if (share === null) return "–";
  return `${share > 0 ? "+" : ""}${shareText(share)}`.replace("-", "−");
}
