import type { Filter, Range, Tile, TileDataShape } from "../../../api/generated";
import { SideDrawer } from "../../../components/SideDrawer";
import { Snippet } from "../../../components/Snippet";
import { rangeText } from "../view/range";
import { beforeRange } from "./before";
import { definitionOf, filterText } from "./definition";
import css from "./Tile.module.css";

const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

type Props = {
  readonly tile: Tile;
  readonly data: TileDataShape;
  readonly range: Range;
  readonly filters: readonly Filter[];
  readonly onClose: () => void;
};

/** How a tile came to its numbers: what it counts, of when, narrowed by what, on which data, by which statement. */
export default function TileAbout({ tile, data, range, filters, onClose }: Props) {
  const computed = data.cut_published_at / 1000;
  const definition = definitionOf(tile);
  return (
    <SideDrawer isOpen title={`About ${tile.title || "this tile"}`} closing="Close" size={640} onClose={onClose}>
      <dl className={css.about}>
        {definition && (
          <>
            <dt>It shows</dt>
            <dd>{definition}</dd>
          </>
        )}
        <dt>Range</dt>
        <dd>{tile.range ? `${rangeText(tile.range)}, its own` : rangeText(range)}</dd>
        {data.before && (
          <>
            <dt>Compared with</dt>
            <dd>{beforeRange(data.before)}</dd>
          </>
        )}
        {filters.length > 0 && (
          <>
            <dt>Filters</dt>
            <dd>{filters.map(filterText).join("; ")}</dd>
          </>
        )}
        {data.segments && data.segments.length > 0 && (
          <>
            <dt>Segments</dt>
            <dd>
              {data.segments.map(({ name, version }) => `${name} (version ${version})`).join(", ")}
              {data.segments_at && `, as of ${data.segments_at}`}
            </dd>
          </>
        )}
        <dt>Snapshot</dt>
        <dd>
          {data.cut_sequence}, published <time dateTime={new Date(computed).toISOString()}>{MOMENT.format(computed)}</time>, {ageOf(computed)} ago
        </dd>
        {data.is_cut_off && (
          <>
            <dt>Limit</dt>
            <dd>There are more rows than a tile shows. Parquet has more of them.</dd>
          </>
        )}
      </dl>
      {data.sql && <Snippet label="the statement" text={data.sql} />}
    </SideDrawer>
  );
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function ageOf(at: number): string {
  const ms = Date.now() - at;
  if (ms < MINUTE_MS) return `${Math.max(0, Math.round(ms / SECOND_MS))} s`;
  if (ms < 2 * HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  return ms < 2 * DAY_MS ? `${Math.round(ms / HOUR_MS)} h` : `${Math.round(ms / DAY_MS)} days`;
}
