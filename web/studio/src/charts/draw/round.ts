import type { EChartsCoreOption } from "echarts/core";
import { formatPercent } from "../../format/format";
import { slotsOf } from "../colours";
import { type ChartData, columnAt, exactIn, labelOf, numberOf } from "../data";
import type { Palette } from "../palette";
import { tooltipLook } from "../tooltip";
import { inTwo, roundFit, type Size, textWidth } from "./fit";
import { legend, textLook } from "./look";

type Slice = { readonly name: string; readonly value: number; readonly row: number };

/** One slice a row, the largest first; what is nothing or less has no slice. */
export function slicesOf(data: ChartData): readonly Slice[] {
  const [x, y] = [columnAt(data, data.roles.x), columnAt(data, data.roles.y?.[0] ?? data.roles.size)];
  return data.rows
    .map((row, at) => ({ name: labelOf(data, x, row[x]), value: numberOf(row[y]) ?? 0, row: at }))
    .filter(({ value }) => value > 0)
    .toSorted((left, right) => right.value - left.value);
}

export function round(isDonut: boolean, data: ChartData, palette: Palette, size: Size): EChartsCoreOption {
  const slices = slicesOf(data);
  const total = slices.reduce((sum, { value }) => sum + value, 0);
  const names = slices.map(({ name }) => name);
  const slots = slotsOf(names);
  const { radius, label } = roundFit(names, size);
  const y = columnAt(data, data.roles.y?.[0] ?? data.roles.size);
  return {
    legend: { ...legend(palette, names), bottom: 0 },
    tooltip: {
      ...tooltipLook(palette),
      trigger: "item",
      formatter: ({ name, value }: { readonly name: string; readonly value: number }) =>
        `${name}\n${exactIn(data, y, value)}   ${formatPercent(value, total)}`,
    },
    series: [
      {
        type: "pie",
        radius: isDonut ? [Math.round(radius * 0.64), radius] : [0, radius],
        center: ["50%", "44%"],
        minAngle: 2,
        itemStyle: { borderColor: palette.raised, borderWidth: 2, borderRadius: isDonut ? 4 : 0 },
        label: {
          ...textLook(palette),
          width: label,
          overflow: "truncate",
          lineHeight: 16,
          formatter: ({ name, value }: { readonly name: string; readonly value: number }) =>
            `${textWidth(name) <= label ? name : inTwo(name)}\n${formatPercent(value, total)}`,
        },
        labelLine: { lineStyle: { color: palette.line }, length: 16, length2: 4 },
        labelLayout: { hideOverlap: true },
        emphasis: { scaleSize: 4 },
        data: slices.map((slice) => ({ ...slice, itemStyle: { color: palette.series[slots.get(slice.name) ?? 0] } })),
      },
    ],
  };
}
