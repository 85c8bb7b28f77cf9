import { Button, Skeleton } from "@mantine/core";
import { IconFileTypeCsv } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { RowsBehindShape, Tile } from "../../../api/generated";
import { wordOf } from "../../../charts/data";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { SideDrawer } from "../../../components/SideDrawer";
import { Snippet } from "../../../components/Snippet";
import { saveCsv } from "../../../format/files";
import { formatExact } from "../../../format/format";
import { readRows, type Scene, type Segment } from "../api";
import { TileTable } from "../tile/TileTable";
import css from "./RowsDrawer.module.css";

type Props = { readonly tile: Tile | null; readonly segment: Segment; readonly scene: Scene; readonly onClose: () => void };

/** The rows that a segment counted, exactly. */
export function RowsDrawer({ tile, segment, scene, onClose }: Props) {
  const named = segment.parts.map(({ value }) => wordOf(value)).join(" · ");
  const title = tile ? [tile.title || "Tile", named].filter(Boolean).join(": ") : "Rows";
  return (
    <SideDrawer isOpen={tile !== null} title={title} closing="Close the rows" size={760} onClose={onClose}>
      {tile && <Rows tile={tile} segment={segment} scene={scene} />}
    </SideDrawer>
  );
}

function Rows({ tile, segment, scene }: Omit<Props, "onClose" | "tile"> & { readonly tile: Tile }) {
  const query = useQuery({
    queryKey: ["rows", tile, segment, scene],
    queryFn: ({ signal }) => readRows(tile, scene, segment, signal),
    placeholderData: keepPreviousData,
    retry: false,
  });
  if (query.data) return <Found found={query.data} title={tile.title ?? "tile"} />;
  if (query.error) return <Failure title="The rows cannot be shown" error={query.error} retry={() => void query.refetch()} level={3} />;
  return (
    <Loading slow="The rows are still looked for.">
      <Skeleton height={240} />
    </Loading>
  );
}

function Found({ found, title }: { readonly found: RowsBehindShape; readonly title: string }) {
  const shown = found.rows.length;
  return (
    <div className={css.rows}>
      <div className={css.bar}>
        <p className={css.count} role="status">
          <strong className="number">{formatExact(found.count)}</strong> {found.count === 1 ? "row" : "rows"}
          {shown < found.count && `, the first ${formatExact(shown)} are shown`}
          {!found.is_source && " of the tile's own answer"}
        </p>
        <Button variant="default" size="xs" leftSection={<IconFileTypeCsv size={14} aria-hidden />} onClick={() => saveCsv(`${title} rows`, found)}>
          CSV
        </Button>
      </div>
      <div className={css.table}>
        <TileTable title="Rows" data={withValues(found)} />
      </div>
      {found.sql && <Snippet label="the statement" text={found.sql} />}
    </div>
  );
}

/** Columns that are empty in all rows say nothing here. */
function withValues({ columns, rows }: RowsBehindShape): Pick<RowsBehindShape, "columns" | "rows"> {
  const kept = columns.map((_, at) => at).filter((at) => rows.length === 0 || rows.some((row) => row[at] !== null && row[at] !== undefined));
  return { columns: columns.filter((_, at) => kept.includes(at)), rows: rows.map((row) => kept.map((at) => row[at] ?? null)) };
}
