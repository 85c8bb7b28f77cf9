import { useCallback } from "react";
import { Chart } from "../../../charts/Chart";
import type { Palette } from "../../../charts/palette";
import { tooltipLook } from "../../../charts/tooltip";
import type { Clock } from "../../../format/format";
import { formatExact } from "../../../format/format";
import { type Line, summarize } from "./lines";

type Props = {
  readonly name: string;
  readonly column: string;
  readonly lines: readonly Line[];
  readonly clock: Clock;
  /** Windows are apart from one another, as sessions are: dots, no line between them. */
  readonly isDotted: boolean;
};

type Point = { readonly seriesName: string; readonly value: readonly [number, number | null] };

/** One numeric column of a query, a line for each key; the first is the accent, the others fade. */
export function QueryChart({ name, column, lines, clock, isDotted }: Props) {
  const option = useCallback(
    (palette: Palette) => ({
      grid: { left: 44, right: 8, top: 8, bottom: 22 },
      xAxis: {
        type: "time",
        axisLine: { lineStyle: { color: palette.line } },
        axisTick: { show: false },
        splitLine: { show: false },
        axisLabel: {
          color: palette.muted,
          fontSize: 11,
          hideOverlap: true,
          formatter: (ms: number) => clock.minute(ms * 1000),
        },
      },
      yAxis: {
        type: "value",
        splitNumber: 2,
        axisLabel: { color: palette.muted, fontSize: 11, formatter: (value: number) => formatExact(value) },
        splitLine: { lineStyle: { color: palette.line } },
      },
      tooltip: {
        ...tooltipLook(palette),
        formatter: (points: readonly Point[]) => {
          const [first] = points;
          if (!first) return "";
          const shown = points.filter(({ value }) => value[1] !== null);
          const rows = shown.map(({ seriesName, value }) => `${seriesName || column}   ${formatExact(value[1] ?? 0)}`);
          return [clock.second(first.value[0] * 1000), ...rows].join("\n");
        },
      },
      series: lines.map(({ key, points }, place) => ({
        type: "line",
        name: key,
        data: points,
        showSymbol: isDotted || points.length < 2,
        symbolSize: 5,
        connectNulls: false,
        lineStyle: { color: place === 0 ? palette.accent : palette.muted, width: isDotted ? 0 : 1.5, opacity: opacityOf(place) },
        itemStyle: { color: place === 0 ? palette.accent : palette.muted },
      })),
    }),
    [lines, clock, column, isDotted],
  );
  return <Chart height={120} summary={summarize(name, column, lines)} option={option} />;
}

function opacityOf(place: number): number {
  return place === 0 ? 1 : Math.max(0.25, 0.9 - 0.1 * place);
}
