import "react-grid-layout/css/styles.css";
import ReactGridLayout, { type Layout, useContainerWidth, verticalCompactor } from "react-grid-layout";
import { IconGripVertical } from "@tabler/icons-react";
import type { Sheet, TilePlace } from "../../../api/generated";
import type { TileSource } from "../tile/source";
import { TileView } from "../tile/TileView";
import { COLUMNS } from "./edits";
import css from "./Editor.module.css";

type Props = {
  readonly sheet: Sheet;
  readonly source: TileSource;
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  readonly onPlace: (places: ReadonlyMap<string, TilePlace>) => void;
};

/** The tiles of a sheet, dragged by their grip and resized by their corner; arrow keys on the grip do the same. */
export function Grid({ sheet, source, chosen, onChoose, onPlace }: Props) {
  const { width, containerRef, mounted } = useContainerWidth();
  const tiles = sheet.tiles ?? [];
  const told = (layout: Layout) => onPlace(new Map(layout.map(({ i, x, y, w, h }) => [i, { x, y, w, h }])));
  return (
    <div ref={containerRef} className={css.grid}>
      {mounted && (
        <ReactGridLayout
          width={width}
          layout={tiles.map(({ id, place }) => ({ i: id, ...place }))}
          gridConfig={{ cols: COLUMNS, rowHeight: 64, margin: [12, 12], containerPadding: [0, 0] }}
          dragConfig={{ enabled: true, handle: `.${css.handle ?? ""}` }}
          resizeConfig={{ enabled: true, handles: ["se"] }}
          compactor={verticalCompactor}
          onDragStop={told}
          onResizeStop={told}
        >
          {tiles.map((tile) => (
            <div key={tile.id} className={css.edited} data-chosen={tile.id === chosen ? "yes" : undefined}>
              <TileView
                tile={tile}
                source={source}
                actions={
                  <>
                    <button type="button" className={css.choose} aria-pressed={tile.id === chosen} onClick={() => onChoose(tile.id)}>
                      Edit
                    </button>
                    <button
                      type="button"
                      className={css.handle}
                      aria-label={`Move ${tile.title || tile.id}: arrow keys, with Shift its size`}
                      onKeyDown={(press) => {
                        const place = moved(tile.place, press.key, press.shiftKey);
                        if (!place) return;
                        press.preventDefault();
                        onPlace(new Map([[tile.id, place]]));
                      }}
                    >
                      <IconGripVertical size={16} aria-hidden />
                    </button>
                  </>
                }
              />
            </div>
          ))}
        </ReactGridLayout>
      )}
    </div>
  );
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function moved(place: TilePlace, key: string, isSize: boolean): TilePlace | null {
  const step = STEPS[key];
  if (!step) return null;
  const [right, down] = step;
  return isSize ? { ...place, w: place.w + right, h: place.h + down } : { ...place, x: place.x + right, y: place.y + down };
}
