import type { Sheet } from "../../../api/generated";
import css from "./Sheets.module.css";

type Props = { readonly sheets: readonly Sheet[]; readonly chosen: number; readonly onChoose: (place: number) => void };

/** Which sheet is shown; nothing where there is only one. */
export function Sheets({ sheets, chosen, onChoose }: Props) {
  if (sheets.length < 2) return null;
  return (
    <nav className={css.sheets} aria-label="Sheets">
      {sheets.map(({ title }, place) => (
        // Sheets have no name of their own but their place.
        // oxlint-disable-next-line react/no-array-index-key
        <button key={place} type="button" className={css.sheet} aria-current={place === chosen ? "true" : undefined} onClick={() => onChoose(place)}>
          {title || `Sheet ${place + 1}`}
        </button>
      ))}
    </nav>
  );
}
