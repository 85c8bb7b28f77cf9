import type { Sheet } from "../../../api/generated";
import type { TileSource } from "../tile/source";
import { TileView } from "../tile/TileView";
import css from "./SheetGrid.module.css";

/** The tiles of a sheet where they were put; one below the other on a narrow page. */
export function SheetGrid({ sheet, source }: { readonly sheet: Sheet; readonly source: TileSource }) {
  const tiles = (sheet.tiles ?? []).toSorted((left, right) => left.place.y - right.place.y || left.place.x - right.place.x);
  return (
    <div className={css.grid}>
      {tiles.map((tile) => (
        <div
          key={tile.id}
          className={css.place}
          style={{
            gridColumn: `${tile.place.x + 1} / span ${tile.place.w}`,
            gridRow: `${tile.place.y + 1} / span ${tile.place.h}`,
          }}
        >
          <TileView tile={tile} source={source} />
        </div>
      ))}
    </div>
  );
}
