import css from "./Result.module.css";
import { exactOf } from "./figures";
import type { Opening, Sheet } from "./sheet";

const ROWS_MAX = 500;

type Props = { readonly sheet: Sheet; readonly label: string; readonly onOpen: (opening: Opening) => void };

/** An answer as a table; each number that counts somebody opens them. */
export function AnswerTable({ sheet, label, onOpen }: Props) {
  const { columns, rows } = sheet;
  return (
    // A region that scrolls must be reachable by keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} tabIndex={0} role="region" aria-label={label}>
      <table className={css.table}>
        <thead>
          <tr>
            {columns.map(({ name, kind }) => (
              <th key={name} scope="col" className={kind === "text" ? undefined : css.figure}>
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS_MAX).map((row, place) => (
            // Rows have no name of their own; the whole table is new with each answer.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={place}>
              {columns.map(({ name, kind }, at) => {
                const { value = null, opening } = row[at] ?? {};
                const shown = typeof value === "number" ? exactOf(value, kind) : String(value ?? "–");
                return (
                  <td key={name} className={kind === "text" ? undefined : css.figure} title={kind === "text" ? shown : undefined}>
                    {opening ? (
                      <button type="button" className={css.open} onClick={() => onOpen(opening)}>
                        {shown}
                      </button>
                    ) : (
                      <bdi>{shown}</bdi>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > ROWS_MAX && <p className={css.note}>The first {ROWS_MAX} of {rows.length} rows; the CSV has all of them.</p>}
    </div>
  );
}
