import "@mantine/core/styles/Menu.css";
import { ActionIcon, Menu } from "@mantine/core";
import { IconChartBar, IconDots, IconFileDownload, IconFileTypeCsv, IconInfoCircle, IconLayoutDashboard, IconList, IconPhoto, IconTable } from "@tabler/icons-react";
import type { Tile, TileDataShape } from "../../../api/generated";
import { saveCsv } from "../../../format/files";
import { hasPicture, savePng } from "./pictures";

type Props = {
  readonly tile: Tile;
  readonly data: TileDataShape;
  readonly asTable: boolean;
  readonly onTable: () => void;
  readonly onAbout: () => void;
  readonly onRows: (() => void) | null;
  readonly onParquet: () => void;
  readonly onAdd: (() => void) | null;
};

/** What can be done with a tile. */
export function TileMenu({ tile, data, asTable, onTable, onAbout, onRows, onParquet, onAdd }: Props) {
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
        <Menu.Item leftSection={<IconInfoCircle size={14} aria-hidden />} onClick={onAbout}>
          {data.sql ? "Definition and SQL" : "What it was computed on"}
        </Menu.Item>
        <Menu.Item leftSection={<IconFileTypeCsv size={14} aria-hidden />} onClick={() => saveCsv(title, data)}>
          Download CSV
        </Menu.Item>
        <Menu.Item leftSection={<IconFileDownload size={14} aria-hidden />} onClick={onParquet}>
          Download Parquet
        </Menu.Item>
        {hasPicture(tile.chart) && (
          <Menu.Item leftSection={<IconPhoto size={14} aria-hidden />} onClick={() => void savePng(title, tile.chart, data)}>
            Download PNG
          </Menu.Item>
        )}
        {onAdd && (
          <Menu.Item leftSection={<IconLayoutDashboard size={14} aria-hidden />} onClick={onAdd}>
            Add to a dashboard
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
