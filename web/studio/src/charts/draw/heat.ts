import type { EChartsCoreOption } from "echarts/core";
import { type Cell, type ChartData, columnAt, different, exactIn, isTime, labelOf, numberOf, shortIn, timeOf } from "../data";
import { mixed, onColour } from "../mix";
import type { Palette } from "../palette";
import { tooltipLook } from "../tooltip";
import { axisFit, axisWord, type Size, textWidth } from "./fit";
import { axisLook } from "./look";

const ROW_WORD = 120;
const LABELS_MAX = 400;
const GAP = 4;

/** A cell for each pair of values, the darker the more. */
export function heatMap(data: ChartData, palette: Palette, size: Size): EChartsCoreOption {
  const [x, colour] = [columnAt(data, data.roles.x), columnAt(data, data.roles.colour)];
  const y = columnAt(data, data.roles.y?.[0] ?? data.roles.size);
  const values = data.rows.map((row) => numberOf(row[y]));
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  const cells = data.rows.map((row, at) => {
    const share = most > 0 ? (values[at] ?? 0) / most : 0;
    const color = mixed(palette.sunken, palette.accent, share);
    return {
      value: [labelOf(data, x, row[x]), colour >= 0 ? labelOf(data, colour, row[colour]) : "", values[at] ?? "-"],
      row: at,
      itemStyle: { color },
      label: { color: onColour(color) },
    };
  });
  const axis = axisLook(palette);
  const [across, upwards] = [ordered(data, x), ordered(data, colour)];
  const room = (size.width - Math.min(ROW_WORD, Math.max(...upwards.map(textWidth)))) / across.length;
  const longest = Math.max(...values.map((value) => textWidth(shortIn(data, y, value))));
  return {
    grid: { left: 4, right: 4, top: 4, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: across, ...axis, splitLine: { show: false }, axisLabel: { ...axis.axisLabel, ...axisFit(across, size) } },
    yAxis: { type: "category", data: upwards, ...axis, splitLine: { show: false }, axisLabel: { ...axis.axisLabel, width: ROW_WORD, overflow: "truncate", formatter: axisWord } },
    tooltip: {
      ...tooltipLook(palette),
      trigger: "item",
      formatter: ({ value }: { readonly value: readonly Cell[] }) =>
        `${String(value[0])}   ${String(value[1])}\n${exactIn(data, y, numberOf(value[2]))}`,
    },
    // ECharts wants one beside a heat map; the colours are in the cells.
    visualMap: { show: false, min: 0, max: Math.max(1, most), inRange: { opacity: 1 } },
    series: [
      {
        type: "heatmap",
        data: cells,
        itemStyle: { borderColor: palette.raised, borderWidth: 2, borderRadius: 4 },
        label: {
          show: cells.length <= LABELS_MAX && longest + GAP <= room,
          fontFamily: "Inter Variable",
          fontSize: 12,
          formatter: ({ value }: { readonly value: readonly Cell[] }) => shortIn(data, y, numberOf(value[2])),
        },
      },
    ],
  };
}

function ordered(data: ChartData, at: number): readonly string[] {
  if (at < 0) return [""];
  const cells: readonly Cell[] = data.rows.map((row) => row[at] ?? null);
  if (isTime(data, at)) return different(cells.toSorted((left, right) => timeOf(left) - timeOf(right)).map((cell) => labelOf(data, at, cell)));
  const isAscending = cells.every((cell) => cell === null || !Number.isNaN(Number(cell)));
  return different((isAscending ? cells.toSorted((left, right) => Number(left) - Number(right)) : cells).map((cell) => labelOf(data, at, cell)));
}
