import { useCallback } from "react";
import type { MinuteSeries } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { Palette } from "../../../charts/palette";
import { tooltipLook } from "../../../charts/tooltip";
import { type Clock, formatCount, formatExact } from "../../../format/format";

export const MINUTE_METRICS = ["visitors", "views", "events"] as const;
export type MinuteMetric = (typeof MINUTE_METRICS)[number];

export function summarizeMinutes(series: MinuteSeries, metric: MinuteMetric): string {
  const values = series[metric];
  const most = Math.max(0, ...values);
  return (
    `Each of the last 30 minutes, ${metric}: at most ${formatExact(most)} in a minute,` +
    ` ${formatExact(values.at(-2) ?? 0)} in the last whole minute, ${formatExact(values.at(-1) ?? 0)} so far in this one.`
  );
}

/** Ticks stand at whole five minutes of the clock and move with their bars. */
export function isFiveMinutes(series: MinuteSeries, index: number): boolean {
  return (Math.round(series.from_us / 60e6) + index) % 5 === 0;
}

type Props = { readonly series: MinuteSeries; readonly metric: MinuteMetric; readonly clock: Clock };

/** A bar for each of the last 30 minutes; the one that is not over is paler. */
export function MinutesChart({ series, metric, clock }: Props) {
  const option = useCallback(
    (palette: Palette) => {
      const values = series[metric];
      const isTick = (index: number) => isFiveMinutes(series, index);
      const label = { color: palette.muted, fontFamily: "Inter Variable", fontSize: 12 };
      return {
        grid: { left: 36, right: 4, top: 12, bottom: 24 },
        xAxis: {
          type: "category",
          data: values.map((_, minute) => clock.minute(series.from_us + minute * 60e6)),
          axisTick: { show: true, alignWithLabel: true, interval: isTick, lineStyle: { color: palette.line } },
          axisLine: { lineStyle: { color: palette.line } },
          axisLabel: { ...label, interval: isTick },
        },
        yAxis: {
          type: "value",
          min: 0,
          minInterval: 1,
          splitNumber: 3,
          splitLine: { lineStyle: { color: palette.line } },
          axisLabel: { ...label, formatter: formatCount },
        },
        tooltip: {
          ...tooltipLook(palette),
          axisPointer: { type: "shadow", shadowStyle: { color: palette.muted, opacity: 0.08 } },
          formatter: ([bar]: readonly { name: string; value: number }[]) =>
            bar ? `${bar.name}   ${formatExact(bar.value)} ${metric}` : "",
        },
        series: [
          {
            type: "bar",
            barCategoryGap: "28%",
            itemStyle: { color: palette.accent, borderRadius: [3, 3, 0, 0] },
            data: values.map((value, minute) => ({
              value,
              itemStyle: { opacity: minute === values.length - 1 ? 0.45 : 1 },
            })),
          },
        ],
      };
    },
    [series, metric, clock],
  );
  return <Chart height={180} summary={summarizeMinutes(series, metric)} option={option} />;
}
