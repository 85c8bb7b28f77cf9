import { Fragment, type ReactNode } from "react";
import type { TileDataShape } from "../../../api/generated";
import { type Cell, type ChartData, exactIn, isNumber, isTime, numberOf, wordOf } from "../../../charts/data";
import css from "./Tile.module.css";

const ROWS_MAX = 500;

type Props = {
  readonly title: string;
  readonly data: Pick<TileDataShape, "columns" | "rows">;
  /** Opens the rows behind one of these; none: nothing opens. */
  readonly onPick?: ((row: number) => void) | undefined;
};

/** An answer as a table; each number opens its rows. */
export function TileTable({ title, data, onPick }: Props) {
  const shaped = { ...data, roles: {} };
  const rows = data.rows.slice(0, ROWS_MAX);
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} tabIndex={0} role="region" aria-label={`Table: ${title || "tile"}`}>
      <table className={css.table}>
        <thead>
          <tr>
            {data.columns.map(({ name, type }, at) => (
              <th key={name} scope="col" title={type} className={isNumber(shaped, at) ? css.figure : undefined}>
                <bdi>{breakable(name)}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            // Rows have no name of their own; the whole table is new with each answer.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={place}>
              {data.columns.map(({ name }, at) =>
                isNumber(shaped, at) ? (
                  <td key={name} className={css.figure}>
                    <Figure text={figureOf(shaped, at, row[at])} onPick={onPick && (() => onPick(place))} />
                  </td>
                ) : (
                  <td key={name} title={String(row[at] ?? "")}>
                    <bdi>{isTime(shaped, at) ? exactTime(row[at]) : wordOf(row[at])}</bdi>
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {data.rows.length > ROWS_MAX && <p className={css.note}>The first {ROWS_MAX} rows; the CSV has all of them.</p>}
    </div>
  );
}

/** A time as it is, to the second: 2024-10-04 12:00:00. Whole days are dates. */
function exactTime(value: Cell | undefined): string {
  const [day = "", time = ""] = wordOf(value).split("T");
  const seconds = time.slice(0, 8);
  return seconds === "" || (seconds === "00:00:00" && !time.endsWith("Z")) ? day : `${day} ${seconds}`;
}

/** A column's name that may be broken at its joints, so that a narrow column is not as wide as its name. */
function breakable(name: string): ReactNode {
  return name.split(/(?<=[_.])/).map((part, at) => (
    // Parts have no name of their own but their place.
    // oxlint-disable-next-line react/no-array-index-key
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

const NO_FIGURE = "–";

function figureOf(data: ChartData, at: number, cell: Cell | undefined): string {
  const value = numberOf(cell);
  return value === null ? NO_FIGURE : exactIn(data, at, value);
}

function Figure({ text, onPick }: { readonly text: string; readonly onPick: (() => void) | undefined }) {
  if (!onPick || text === NO_FIGURE) return <>{text}</>;
  return (
    <button type="button" className={css.open} onClick={onPick}>
      {text}
    </button>
  );
}
