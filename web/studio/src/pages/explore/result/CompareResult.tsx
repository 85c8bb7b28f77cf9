import type { CompareAnswer, CompareGroup, CompareRow } from "../../../api/generated";
import { formatExact } from "../../../format/format";
import { shareText } from "./figures";
import { groupKey, groupText, inGroup } from "./groups";
import css from "./Result.module.css";
import { ofGroup, type Opening } from "./sheet";

type Props = { readonly answer: CompareAnswer; readonly onOpen: (opening: Opening) => void };

const VERDICTS = { control: "control", better: "better", worse: "worse", undecided: "not decided" } as const;
const SPLIT_MIN = 0.001;
const COLUMNS = 6;

/** What is known, in a sentence, and the numbers that it is known from. */
export function CompareResult({ answer, onOpen }: Props) {
  const most = Math.max(...answer.rows.map(({ rate_high }) => rate_high ?? 0), 0.0001);
  return (
    <>
      <p className={css.verdict} data-tone={isUneven(answer) ? "attention" : undefined}>
        {answer.verdict}
      </p>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={css.scroll} tabIndex={0} role="region" aria-label="Variants">
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col">Verdict</th>
              <th scope="col" className={css.figure}>
                Got it
              </th>
              <th scope="col" className={css.figure}>
                Reached the goal
              </th>
              <th scope="col">Rate, and where it is with 95 %</th>
              <th scope="col" className={css.figure}>
                Difference, in points
              </th>
            </tr>
          </thead>
          <tbody>
            {inGroup(answer.rows, "").map((row) => (
              <Variant key={row.variant} row={row} most={most} whose="" onOpen={onOpen} />
            ))}
          </tbody>
          {(answer.groups ?? []).map((part) => (
            <Part key={groupKey(part)} part={part} answer={answer} most={most} onOpen={onOpen} />
          ))}
        </table>
      </div>
      <p className={css.note}>
        {answer.mixed > 0 ? <Mixed part={answer} whose="" onOpen={onOpen} /> : "Nobody got several variants."}
        {answer.split_p !== null && ` So uneven a split happens by chance with ${chanceText(answer.split_p)}.`}
        {answer.by.length > 0 && " Groups are held to a stricter measure than all together, as each is one more look."}
      </p>
    </>
  );
}

type PartProps = Props & { readonly part: CompareGroup; readonly most: number };

/** One group: what is known of it, then its variants. */
function Part({ part, answer, most, onOpen }: PartProps) {
  const whose = ofGroup(answer.by, part);
  return (
    <tbody aria-label={groupText(part)}>
      <tr className={css.section}>
        <th scope="rowgroup" colSpan={COLUMNS}>
          <strong>
            <bdi>{groupText(part)}</bdi>
          </strong>{" "}
          <span className={isUneven(part) ? css.attention : css.muted}>
            {part.verdict} {part.mixed > 0 && <Mixed part={part} whose={whose} onOpen={onOpen} />}
          </span>
        </th>
      </tr>
      {inGroup(answer.rows, groupKey(part)).map((row) => (
        <Variant key={row.variant} row={row} most={most} whose={whose} onOpen={onOpen} />
      ))}
    </tbody>
  );
}

type MixedProps = { readonly part: Pick<CompareGroup, "mixed" | "mixed_cell">; readonly whose: string; readonly onOpen: Props["onOpen"] };

function Mixed({ part, whose, onOpen }: MixedProps) {
  return (
    <>
      <button type="button" className={css.open} onClick={() => onOpen({ cell: part.mixed_cell, count: part.mixed, title: `Got several variants${whose}` })}>
        {formatExact(part.mixed)}
      </button>{" "}
      got several variants and are left out.
    </>
  );
}

const TOLD_P = 0.0001;

function chanceText(p: number): string {
  return p < TOLD_P ? `p < ${TOLD_P}` : `p = ${p.toPrecision(2)}`;
}

function isUneven({ split_p }: Pick<CompareGroup, "split_p">): boolean {
  return split_p !== null && split_p < SPLIT_MIN;
}

type VariantProps = { readonly row: CompareRow; readonly most: number; readonly whose: string; readonly onOpen: Props["onOpen"] };

function Variant({ row, most, whose, onOpen }: VariantProps) {
  const at = (share: number | null) => `${((share ?? 0) / most) * 100}%`;
  const width = `${(((row.rate_high ?? 0) - (row.rate_low ?? 0)) / most) * 100}%`;
  return (
    <tr>
      <th scope="row">
        <bdi>{row.variant}</bdi>
      </th>
      <td className={css.word} data-verdict={row.verdict}>
        {VERDICTS[row.verdict]}
      </td>
      <td className={css.figure}>
        <button type="button" className={css.open} onClick={() => onOpen({ cell: row.size_cell, count: row.size, title: `${row.variant}${whose}` })}>
          {formatExact(row.size)}
        </button>
      </td>
      <td className={css.figure}>
        <button type="button" className={css.open} onClick={() => onOpen({ cell: row.cell, count: row.count, title: `${row.variant}, reached the goal${whose}` })}>
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
        {row.is_control ? "–" : signed(row.difference)}
        {!row.is_control && (
          <div className={css.muted}>
            {signed(row.difference_low)} to {signed(row.difference_high)}
          </div>
        )}
      </td>
    </tr>
  );
}

/** Points, as "+0.32 %" may be read as a part of the control's rate. */
function signed(share: number | null): string {
  if (share === null) return "–";
  return `${share > 0 ? "+" : ""}${shareText(share).replace(" %", "")}`.replace("-", "−");
}
