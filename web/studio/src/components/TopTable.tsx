import { useState } from "react";
import type { TopList } from "../api/generated";
import { formatCount, formatExact, formatPercent } from "../format/format";
import css from "./TopTable.module.css";

const SHOWN = 7;

type Props = {
  readonly top: TopList;
  readonly caption: string;
  readonly unit: string;
  /** Instead of an empty table. */
  readonly none: string;
  /** Name of what has no value. */
  readonly nothing?: string;
};

/** Values by how often they occur, each with a bar of its share of the first. */
export function TopTable({ top, caption, unit, none, nothing = "None" }: Props) {
  const [isLong, setIsLong] = useState(false);
  if (top.rows.length === 0) return <p className={css.none}>{none}</p>;
  const rows = isLong ? top.rows : top.rows.slice(0, SHOWN);
  const highest = top.rows[0]?.count ?? 1;
  const total = top.rows.reduce((sum, row) => sum + row.count, top.others);
  const hidden = top.rows.length - rows.length;
  return (
    <>
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
          {rows.map((row) => (
            <tr key={row.value ?? ""} className={css.row}>
              <th scope="row" className={css.name} title={row.value ?? nothing}>
                <span className={css.bar} style={{ width: `${(100 * row.count) / highest}%` }} aria-hidden />
                <span className={row.value === null ? css.nothing : css.text}>{row.value ?? nothing}</span>
              </th>
              <td className={css.count} title={`${formatExact(row.count)} ${unit}, ${formatPercent(row.count, total)}`}>
                {formatCount(row.count)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className={css.foot}>
        {top.rows.length > SHOWN && (
          <button type="button" className={css.more} aria-expanded={isLong} onClick={() => setIsLong(!isLong)}>
            {isLong ? "Show fewer" : `Show ${hidden} more`}
          </button>
        )}
        {isLong && top.others > 0 && (
          <span className={css.others}>
            {formatCount(top.others)} {unit} of others{top.is_exact === false ? "; rare values are counted there" : ""}
          </span>
        )}
      </div>
    </>
  );
}
