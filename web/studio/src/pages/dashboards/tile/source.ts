import type { Range, Tile, TileDataShape } from "../../../api/generated";
import type { Segment } from "../api";

/** Where a tile's answers come from: the studio, or a link. */
export type TileSource = {
  /** Tells the answers of one source, range and filters from others'. */
  readonly key: readonly unknown[];
  readonly range: Range;
  readonly read: (tile: Tile, signal: AbortSignal) => Promise<TileDataShape>;
  /** The answer as a Parquet file; none where a link shows charts only. */
  readonly parquet: ((tile: Tile) => Promise<Blob>) | null;
  /** Another number says that there is new data. */
  readonly mark: number;
  /** Shows the rows behind a segment; none where a link shows charts only. */
  readonly open: ((tile: Tile, segment: Segment) => void) | null;
};
