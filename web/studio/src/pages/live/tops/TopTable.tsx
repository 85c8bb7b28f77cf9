/* oxlint-disable jsx-a11y/control-has-associated-label -- the value in the button is its name */
import type { TopList } from "../../../api/generated";
import { formatCount, formatExact, formatPercent } from "../../../format/format";
import { type Filter, PANELS, type Panel } from "../narrowing/filters";
import css from "./TopTable.module.css";

type Props = {
  readonly top: TopList;
  readonly panel: Panel;
  readonly caption: string;
  /** Most rows that are shown. */
  readonly rowsMax: number;
  /** Instead of an empty table. */
  readonly none: string;
  readonly filters: readonly Filter[];
  readonly onPick: (filter: Filter) => void;
};

/** Values by how often they occur, each with a bar of its share of the first; a click narrows the page to it. */
export function TopTable({ top, panel, caption, rowsMax, none, filters, onPick }: Props) {
  if (top.rows.length === 0) return <p className={css.none}>{none}</p>;
  const { unit, nothing } = PANELS[panel];
  const highest = top.rows[0]?.count ?? 1;
  const total = top.rows.reduce((sum, row) => sum + row.count, top.others);
  const isOn = (value: string | null) => filters.some((one) => one.panel === panel && one.value === value);
  return (
    <table className={css.table}>
      <caption className="visually-hidden">{`${caption}, last 30 minutes`}</caption>
      <colgroup>
        <col />
        <col className={css.countColumn} />
      </colgroup>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">Value</th>
          <th scope="col">{unit}</th>
        </tr>
      </thead>
      <tbody>
        {top.rows.slice(0, rowsMax).map(({ value, count }) => (
          <tr key={value === null ? "none" : `value ${value}`} className={css.row}>
            <th scope="row" className={css.name}>
              <span className={css.bar} style={{ width: `${(100 * count) / highest}%` }} aria-hidden />
              <button
                type="button"
                className={css.pick}
                aria-pressed={isOn(value)}
                title={value ?? nothing}
                onClick={() => onPick({ panel, value })}
              >
                <span className={value === null ? css.nothing : css.text}>
                  <bdi>{value ?? nothing}</bdi>
                </span>
              </button>
            </th>
            <td className={css.count} title={`${formatExact(count)} ${unit}, ${formatPercent(count, total)}`}>
              {formatCount(count)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
