import { Skeleton } from "@mantine/core";
import { lazy, Suspense, useCallback } from "react";
import type { Tile, TileDataShape } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import { columnAt } from "../../../charts/data";
import { pointNear } from "../../../charts/draw/cartesian";
import { drawn, type DrawnKind, isCartesian, isDrawn, summaryOf } from "../../../charts/draw/draw";
import type { Size } from "../../../charts/draw/fit";
import { rowOf } from "../../../charts/draw/point";
import type { Palette } from "../../../charts/palette";
import { changeOf } from "./before";
import { exactWordsOf, wordsOf } from "./number";
import css from "./Tile.module.css";
import { TileEmpty } from "./TileStates";
import { TileTable } from "./TileTable";

const TileText = lazy(() => import("./TileText"));

type Props = {
  readonly tile: Tile;
  readonly data: TileDataShape;
  readonly asTable: boolean;
  readonly hasFilters: boolean;
  readonly onPick: ((row: number) => void) | undefined;
};

/** The one component that draws every kind of tile with an answer. */
export function TileBody({ tile, data, asTable, hasFilters, onPick }: Props) {
  if (data.rows.length === 0) return <TileEmpty hasFilters={hasFilters} />;
  if (asTable || tile.chart === "table") return <TileTable title={tile.title ?? ""} data={data} onPick={onPick} />;
  if (isDrawn(tile.chart)) return <TileChart kind={tile.chart} title={tile.title ?? ""} data={data} onPick={onPick} />;
  return <TileNumber data={data} onPick={onPick} />;
}

export function TileWords({ text }: { readonly text: string }) {
  return (
    <Suspense fallback={<Skeleton height={40} />}>
      <TileText text={text || "*Write something.*"} />
    </Suspense>
  );
}

type ChartProps = { readonly kind: DrawnKind; readonly title: string; readonly data: TileDataShape; readonly onPick: Props["onPick"] };

function TileChart({ kind, title, data, onPick }: ChartProps) {
  const option = useCallback((palette: Palette, size: Size) => drawn(kind, data, palette, size), [kind, data]);
  const pick = useCallback(
    (part: unknown) => {
      const row = rowOf(part);
      if (row !== null) onPick?.(row);
    },
    [onPick],
  );
  const near = useCallback(
    (at: readonly [number, number], pixels: (y: number) => number) => (isCartesian(kind) ? pointNear(kind, data, at, pixels) : null),
    [kind, data],
  );
  if (columnAt(data, data.roles.y?.[0] || data.roles.size) < 0) {
    return <p className={css.empty}>Nothing here is a number: choose one for y, or a table.</p>;
  }
  // Another kind is another chart: nothing of the one before, such as axes, stays.
  return <Chart key={kind} height="100%" summary={summaryOf(title, kind, data)} option={option} onPick={onPick && pick} near={isCartesian(kind) ? near : undefined} />;
}

function TileNumber({ data, onPick }: Pick<Props, "data" | "onPick">) {
  const [shown, exact] = [wordsOf(data), exactWordsOf(data)];
  const compared = changeOf(data);
  const change = compared && (
    <span className={css.change} title={compared.was}>
      {compared.change}
    </span>
  );
  if (!onPick) {
    return (
      <p className={css.number}>
        <span title={exact}>{shown}</span>
        {change}
      </p>
    );
  }
  return (
    <p className={css.number}>
      <button type="button" className={css.open} title={`${exact}: show the rows`} onClick={() => onPick(0)}>
        {shown}
      </button>
      {change}
    </p>
  );
}
