import "@mantine/core/styles/Menu.css";
import { ActionIcon, Menu, Skeleton } from "@mantine/core";
import { IconChartBar, IconCode, IconDots, IconFileDownload, IconFileTypeCsv, IconList, IconPhoto, IconTable } from "@tabler/icons-react";
import { type ReactNode, useCallback, useId, useState } from "react";
import { failureText } from "../../../api/client";
import type { Tile, TileDataShape } from "../../../api/generated";
import { Snippet } from "../../../components/Snippet";
import { SideDrawer } from "../../../components/SideDrawer";
import { hasPicture, saveCsv, saveParquet, savePng } from "./exports";
import { segmentOf } from "./segments";
import type { TileSource } from "./source";
import css from "./Tile.module.css";
import { TileBody, TileWords } from "./TileBody";
import { type TileState, useTileData } from "./useTileData";

type Props = { readonly tile: Tile; readonly source: TileSource; readonly actions?: ReactNode };

/** A tile: its title, what can be done with it, and its chart. */
export function TileView({ tile, source, actions }: Props) {
  const state = useTileData(tile, source);
  const [asTable, setAsTable] = useState(false);
  const [isSqlShown, setIsSqlShown] = useState(false);
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
              onSql={() => setIsSqlShown(true)}
              onParquet={
                parquet &&
                (() => {
                  setFileError(null);
                  saveParquet(tile.title ?? "", () => parquet(tile)).catch((error: unknown) => setFileError(error instanceof Error ? error : new Error(String(error))));
                })
              }
              onRows={open && !data.cells ? () => open(tile, { parts: [], cell: null }) : null}
            />
          )}
          {actions}
        </span>
      </div>
      <div className={css.body}>
        {isText ? <TileWords text={tile.text ?? ""} /> : <Body tile={tile} state={state} asTable={asTable} onPick={open ? pick : undefined} />}
      </div>
      {fileError && (
        <p className={css.noFile} role="alert">
          No file: {failureText(fileError)}
        </p>
      )}
      {data && <Foot data={data} error={state.kind === "data" ? state.error : null} />}
      {data?.sql && (
        <SideDrawer isOpen={isSqlShown} title={`SQL of ${tile.title || "this tile"}`} closing="Close the SQL" size={640} onClose={() => setIsSqlShown(false)}>
          <Snippet label="the statement" text={data.sql} />
        </SideDrawer>
      )}
    </section>
  );
}

type BodyProps = { readonly tile: Tile; readonly state: TileState; readonly asTable: boolean; readonly onPick: ((row: number) => void) | undefined };

function Body({ tile, state, asTable, onPick }: BodyProps) {
  switch (state.kind) {
    case "loading":
      return (
        <div role="status" aria-label={`Loading ${tile.title || "a tile"}`} className={css.loading}>
          <Skeleton height="100%" />
        </div>
      );
    case "failed":
      return (
        <div className={css.failed} role="alert">
          <p>{failureText(state.error)}</p>
          <button type="button" className={css.again} onClick={state.again}>
            Try again
          </button>
        </div>
      );
    case "data":
      return <TileBody tile={tile} data={state.data} asTable={asTable} onPick={onPick} />;
  }
}

const DAY_MS = 86_400_000;
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** The server writes a cut each second while events come; one of another day says its day. */
function isToday(at: number): boolean {
  return Date.now() - at < DAY_MS / 2;
}

function Foot({ data, error }: { readonly data: TileDataShape; readonly error: Error | null }) {
  const at = data.cut_published_at / 1000;
  const isOld = !isToday(at);
  return (
    <div className={css.foot}>
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

type MenuProps = {
  readonly tile: Tile;
  readonly data: TileDataShape;
  readonly asTable: boolean;
  readonly onTable: () => void;
  readonly onSql: () => void;
  readonly onRows: (() => void) | null;
  readonly onParquet: (() => void) | null;
};

function TileMenu({ tile, data, asTable, onTable, onSql, onRows, onParquet }: MenuProps) {
  const title = tile.title ?? "";
  return (
    <Menu position="bottom-end" shadow="sm" transitionProps={{ duration: 80 }} withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`More about ${title || "this tile"}`}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {tile.chart !== "table" && (
          <Menu.Item leftSection={asTable ? <IconChartBar size={14} aria-hidden /> : <IconTable size={14} aria-hidden />} onClick={onTable}>
            {asTable ? "Show the chart" : "Show as a table"}
          </Menu.Item>
        )}
        {onRows && (
          <Menu.Item leftSection={<IconList size={14} aria-hidden />} onClick={onRows}>
            Show all rows behind it
          </Menu.Item>
        )}
        {data.sql && (
          <Menu.Item leftSection={<IconCode size={14} aria-hidden />} onClick={onSql}>
            Show the SQL
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconFileTypeCsv size={14} aria-hidden />} onClick={() => saveCsv(title, data)}>
          Download CSV
        </Menu.Item>
        {onParquet && (
          <Menu.Item leftSection={<IconFileDownload size={14} aria-hidden />} onClick={onParquet}>
            Download Parquet
          </Menu.Item>
        )}
        {hasPicture(tile.chart) && (
          <Menu.Item leftSection={<IconPhoto size={14} aria-hidden />} onClick={() => void savePng(title, tile.chart, data)}>
            Download PNG
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
