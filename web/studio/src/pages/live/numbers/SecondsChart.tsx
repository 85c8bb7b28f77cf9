import { useCallback } from "react";
import type { SecondSeries } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { Palette } from "../../../charts/palette";
import { tooltipLook } from "../../../charts/tooltip";
import type { Clock } from "../../../format/format";
import { formatExact, formatRate } from "../../../format/format";

/** Whole seconds: the last one is not over and would always dip. */
export function wholeSeconds(series: SecondSeries): readonly number[] {
  return series.events.slice(0, -1);
}

export function summarizeSeconds(series: SecondSeries): string {
  const values = wholeSeconds(series);
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const most = Math.max(0, ...values);
  return `Events per second in the last 5 minutes: ${formatRate(mean)} on average, at most ${formatExact(most)}.`;
}

/** Events per second of the last 5 minutes, as a line without axes. */
export function SecondsChart({ series, clock }: { readonly series: SecondSeries; readonly clock: Clock }) {
  const option = useCallback(
    (palette: Palette) => ({
      grid: { left: 0, right: 0, top: 2, bottom: 2 },
      xAxis: { type: "category", show: false, boundaryGap: false, data: wholeSeconds(series).map((_, i) => i) },
      yAxis: { type: "value", show: false, min: 0, max: ({ max }: { max: number }) => Math.max(1, max) },
      tooltip: {
        ...tooltipLook(palette),
        formatter: ([point]: readonly { dataIndex: number; value: number }[]) =>
          point ? `${clock.second(series.from_us + point.dataIndex * 1e6)}   ${formatExact(point.value)} events` : "",
      },
      series: [
        {
          type: "line",
          data: wholeSeconds(series),
          showSymbol: false,
          silent: true,
          lineStyle: { color: palette.accent, width: 1.5 },
          areaStyle: { color: palette.accent, opacity: 0.12 },
          itemStyle: { color: palette.accent },
        },
      ],
    }),
    [series, clock],
  );
  return <Chart height={36} summary={summarizeSeconds(series)} option={option} />;
}
