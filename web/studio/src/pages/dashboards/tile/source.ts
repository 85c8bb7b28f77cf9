import type { Filter, Range, Tile, TileDataShape } from "../../../api/generated";
import type { Segment } from "../api";

/** Where a tile's answers come from: the studio, or a link. */
export type TileSource = {
  /** Tells the answers of one source, range and filters from others'. */
  readonly key: readonly unknown[];
  readonly range: Range;
  /** What narrows every tile; none of a link, which does not tell. */
  readonly filters: readonly Filter[];
  readonly read: (tile: Tile, signal: AbortSignal) => Promise<TileDataShape>;
  /** The answer as a Parquet file. */
  readonly parquet: (tile: Tile) => Promise<Blob>;
  /** Another number says that there is new data. */
  readonly mark: number;
  /** Shows the rows behind a segment; none where a link shows charts only. */
  readonly open: ((tile: Tile, segment: Segment) => void) | null;
};
