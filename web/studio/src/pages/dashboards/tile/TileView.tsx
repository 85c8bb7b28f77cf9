import { lazy, type ReactNode, Suspense, useCallback, useId, useState } from "react";
import { failureText } from "../../../api/client";
import type { Tile, TileDataShape } from "../../../api/generated";
import { saveBlob } from "../../../format/files";
import { rangeText } from "../view/range";
import { beforeRange } from "./before";
import { segmentOf } from "./segments";
import type { TileSource } from "./source";
import css from "./Tile.module.css";
import { TileBody, TileWords } from "./TileBody";
import { TileMenu } from "./TileMenu";
import { TileFailed, TileLoading, TileStopped } from "./TileStates";
import { type TileState, useTileData } from "./useTileData";

const AddDrawer = lazy(() => import("../add/AddDrawer").then(({ AddDrawer: found }) => ({ default: found })));
const TileAbout = lazy(() => import("./TileAbout"));

const ALL = { parts: [], cell: null, at: null };

type Props = { readonly tile: Tile; readonly source: TileSource; readonly actions?: ReactNode };

/** A tile: its title, what can be done with it, and its chart. */
export function TileView({ tile, source, actions }: Props) {
  const state = useTileData(tile, source);
  const [asTable, setAsTable] = useState(false);
  const [isAboutShown, setIsAboutShown] = useState(false);
  const [isAdding, setIsAdding] = useState(false);
  const id = useId();
  const data = state.kind === "data" ? state.data : null;
  const [fileError, setFileError] = useState<Error | null>(null);
  const { open, parquet } = source;
  const pick = useCallback((row: number) => data && open?.(tile, segmentOf(data, row)), [data, open, tile]);
  const isText = tile.chart === "text";
  return (
    <section className={css.tile} aria-labelledby={tile.title ? id : undefined} aria-label={tile.title ? undefined : "Tile"} data-chart={tile.chart}>
      <div className={css.head}>
        {tile.title && (
          <h2 className={css.title} id={id} title={tile.title}>
            {tile.title}
          </h2>
        )}
        <span className={css.tools}>
          {data && (
            <TileMenu
              tile={tile}
              data={data}
              asTable={asTable}
              onTable={() => setAsTable(!asTable)}
              onAbout={() => setIsAboutShown(true)}
              onParquet={() => {
                setFileError(null);
                parquet(tile)
                  .then((file) => saveBlob(tile.title ?? "", file, "parquet"))
                  .catch((error: unknown) => setFileError(error instanceof Error ? error : new Error(String(error))));
              }}
              onRows={open && !data.cells ? () => open(tile, ALL) : null}
              onAdd={tile.query && !actions ? () => setIsAdding(true) : null}
            />
          )}
          {actions}
        </span>
      </div>
      <div className={css.body}>
        {isText ? <TileWords text={tile.text ?? ""} /> : <Body tile={tile} state={state} asTable={asTable} hasFilters={source.filters.length > 0} onPick={open ? pick : undefined} />}
      </div>
      {fileError && (
        <p className={css.noFile} role="alert">
          No file: {failureText(fileError)}
        </p>
      )}
      {data && <Foot tile={tile} data={data} error={state.kind === "data" ? state.error : null} />}
      {data && isAboutShown && (
        <Suspense fallback={null}>
          <TileAbout tile={tile} data={data} range={source.range} filters={source.filters} onClose={() => setIsAboutShown(false)} />
        </Suspense>
      )}
      {isAdding && (
        <Suspense fallback={null}>
          <AddDrawer
            isOpen
            onClose={() => setIsAdding(false)}
            query={tile.query}
            chart={tile.chart}
            title={tile.title ?? ""}
            note="The time range and filters of that dashboard count for it."
            {...(tile.options ? { options: tile.options } : {})}
          />
        </Suspense>
      )}
    </section>
  );
}

type BodyProps = { readonly tile: Tile; readonly state: TileState; readonly asTable: boolean; readonly hasFilters: boolean; readonly onPick: ((row: number) => void) | undefined };

function Body({ tile, state, ...shown }: BodyProps) {
  switch (state.kind) {
    case "loading":
      return <TileLoading title={tile.title ?? ""} cancel={state.cancel} />;
    case "stopped":
      return <TileStopped again={state.again} />;
    case "failed":
      return <TileFailed error={state.error} again={state.again} />;
    case "data":
      return <TileBody tile={tile} data={state.data} {...shown} />;
  }
}

/** How the earlier range is told from this one; lines are dashed. */
const BESIDE: Readonly<Partial<Record<Tile["chart"], string>>> = { number: "beside", bar: "paler:" };

const DAY_MS = 86_400_000;
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** The server writes a cut each second while events come; one of another day says its day. */
function isToday(at: number): boolean {
  return Date.now() - at < DAY_MS / 2;
}

function Foot({ tile, data, error }: { readonly tile: Tile; readonly data: TileDataShape; readonly error: Error | null }) {
  const at = data.cut_published_at / 1000;
  const isOld = !isToday(at);
  return (
    <div className={css.foot}>
      {tile.range && <span title="This tile has a range of its own">{rangeText(tile.range)}</span>}
      {data.before && <span>{BESIDE[tile.chart] ?? "dashed:"} {beforeRange(data.before)}</span>}
      {data.not_compared && <span>{data.not_compared}</span>}
      {data.notes.map((note) => (
        <span key={note} className={css.attention}>
          {note}
        </span>
      ))}
      {data.is_cut_off && <span className={css.attention}>there is more: the limit of rows was reached</span>}
      {error && <span className={css.attention}>not renewed: {failureText(error)}</span>}
      <time className={css.age} dateTime={new Date(at).toISOString()} title={`Computed on the data of ${MOMENT.format(at)}`}>
        {isOld ? MOMENT.format(at) : TIME.format(at)}
      </time>
    </div>
  );
}
