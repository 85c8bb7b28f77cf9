import { useCallback } from "react";
import type { BackTest } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { Palette } from "../../../charts/palette";
import { tooltipLook } from "../../../charts/tooltip";
import { type Clock, formatCount, formatExact } from "../../../format/format";

export function summarizeTest(test: BackTest): string {
  const values = test.series.flatMap(({ value }) => (typeof value === "number" ? [value] : []));
  const most = values.length === 0 ? "nothing to measure" : `at most ${formatExact(Math.max(...values))} ${test.unit}`;
  return `The rule's measure over the past, ${most}; it would have fired ${formatExact(test.fired)} times.`;
}

type Drawn = { readonly seriesName: string; readonly value: readonly [number, number | null] };

/** The measure over the past, its bounds, and a mark where the rule would have fired. */
export function BackTestChart({ test, clock }: { readonly test: BackTest; readonly clock: Clock }) {
  const option = useCallback(
    (palette: Palette) => {
      const label = { color: palette.muted, fontFamily: "Inter Variable", fontSize: 12 };
      const ms = (us: number) => us / 1000;
      const isLong = test.until - test.since > 2 * 86_400e6;
      const axis = (at: number) => (isLong ? clock.full(at * 1000).slice(0, 6) : clock.minute(at * 1000));
      const bounds = [test.above, test.below].flatMap((bound) => (typeof bound === "number" ? [bound] : []));
      const line = { type: "line", showSymbol: false, silent: true };
      return {
        grid: { left: 48, right: 12, top: 12, bottom: 24 },
        xAxis: {
          type: "time",
          min: ms(test.since),
          max: ms(test.until),
          splitNumber: 6,
          axisLine: { lineStyle: { color: palette.line } },
          axisLabel: { ...label, formatter: axis, hideOverlap: true },
        },
        yAxis: {
          type: "value",
          splitNumber: 3,
          minInterval: test.unit === "sessions" || test.unit === "events" ? 1 : 0,
          splitLine: { lineStyle: { color: palette.line } },
          axisLabel: { ...label, formatter: formatCount },
        },
        tooltip: {
          ...tooltipLook(palette),
          formatter: (points: readonly Drawn[]) => {
            const [first] = points;
            if (!first) return "";
            const said = points.flatMap(({ seriesName, value: [, value] }) =>
              value === null ? [] : [`${seriesName}   ${formatExact(value)}`],
            );
            return [`${clock.full(first.value[0] * 1000).slice(0, -4)} ${clock.zone}`, ...said].join("\n");
          },
        },
        series: [
          {
            ...line,
            name: test.unit,
            data: test.series.map(({ at, value }) => [ms(at), value]),
            lineStyle: { color: palette.accent, width: 1.5 },
            itemStyle: { color: palette.accent },
          },
          {
            ...line,
            name: "usual",
            data: test.series.map(({ at, expected }) => [ms(at), expected ?? null]),
            lineStyle: { color: palette.muted, width: 1 },
            itemStyle: { color: palette.muted },
          },
          {
            type: "line",
            name: "would have fired",
            data: test.series.flatMap(({ at, value, fires }) => (fires ? [[ms(at), value]] : [])),
            lineStyle: { width: 0 },
            symbol: "circle",
            symbolSize: 7,
            showAllSymbol: true,
            itemStyle: { color: palette.failure },
          },
          ...bounds.map((bound) => ({
            ...line,
            name: "bound",
            data: [
              [ms(test.since), bound],
              [ms(test.until), bound],
            ],
            lineStyle: { color: palette.failure, width: 1, type: "dashed" },
            itemStyle: { color: palette.failure },
          })),
        ],
      };
    },
    [test, clock],
  );
  return <Chart height={220} summary={summarizeTest(test)} option={option} />;
}
