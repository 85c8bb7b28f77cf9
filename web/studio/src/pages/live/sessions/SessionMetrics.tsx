import { SegmentedControl } from "@mantine/core";
import { useCallback } from "react";
import type { LiveSessions } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { Palette } from "../../../charts/palette";
import { tooltipLook } from "../../../charts/tooltip";
import { Section } from "../../../components/Section";
import { type Clock, formatDuration, formatExact, formatRate } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { definitionsOf, metricsOf } from "./metrics";
import css from "./sessions.module.css";

/** Sessions as they close: how long they were and how many events they had, second by second. */
export function SessionMetrics({ sessions, clock }: { readonly sessions: LiveSessions; readonly clock: Clock }) {
  const [asked, setAsked] = useQueryValue("sessions");
  const definitions = definitionsOf(sessions);
  const definition = definitions.find((name) => name === asked) ?? definitions[0];
  if (definition === undefined) return null;
  const metrics = metricsOf(sessions, definition);
  return (
    <div className={css.panel}>
      <Section
        title="Sessions that close, last 5 minutes"
        aside={
          definitions.length > 1 && (
            <SegmentedControl
              size="xs"
              aria-label="Session definition"
              value={definition}
              onChange={(value) => setAsked(value)}
              data={[...definitions]}
            />
          )
        }
      >
        <p className={css.note} data-testid="session counts">
          {formatExact(metrics.started)} started, {formatExact(metrics.closed)} closed, {formatExact(metrics.repaired)}{" "}
          repaired
        </p>
        <div className={css.charts}>
          <Metric
            title="Session duration"
            mean={metrics.meanSeconds}
            values={metrics.duration}
            fromUs={sessions.from_us}
            clock={clock}
            format={formatDuration}
          />
          <Metric
            title="Session events"
            mean={metrics.meanEvents}
            values={metrics.events}
            fromUs={sessions.from_us}
            clock={clock}
            format={formatRate}
          />
        </div>
      </Section>
    </div>
  );
}

type Props = {
  readonly title: string;
  readonly mean: number | null;
  readonly values: readonly (number | null)[];
  readonly fromUs: number;
  readonly clock: Clock;
  readonly format: (value: number) => string;
};

function Metric({ title, mean, values, fromUs, clock, format }: Props) {
  const option = useCallback(
    (palette: Palette) => ({
      grid: { left: 52, right: 8, top: 8, bottom: 24 },
      xAxis: {
        type: "category",
        data: values.map((_, at) => clock.second(fromUs + at * 1e6)),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: palette.line } },
        axisLabel: {
          ...labelOf(palette),
          interval: (at: number) => Math.round(fromUs / 1e6 + at) % 60 === 0,
          formatter: (_: string, at: number) => clock.minute(fromUs + at * 1e6),
        },
      },
      yAxis: {
        type: "value",
        min: 0,
        splitNumber: 3,
        splitLine: { lineStyle: { color: palette.line } },
        axisLabel: { ...labelOf(palette), formatter: format },
      },
      tooltip: {
        ...tooltipLook(palette),
        formatter: ([point]: readonly { name: string; value: number | null }[]) =>
          point && point.value !== null ? `${point.name}   ${format(point.value)} on average` : "",
      },
      series: [
        {
          type: "line",
          data: values,
          showSymbol: true,
          showAllSymbol: true,
          symbol: "circle",
          symbolSize: 5,
          connectNulls: false,
          lineStyle: { color: palette.accent, width: 1.5 },
          itemStyle: { color: palette.accent },
        },
      ],
    }),
    [values, fromUs, clock, format],
  );
  const known = values.filter((value) => value !== null);
  const summary =
    mean === null
      ? `${title}: no session closed in the last 5 minutes.`
      : `${title} by second: ${format(mean)} on average, at most ${format(Math.max(0, ...known))} in a second.`;
  return (
    <div className={css.metric}>
      <h3 className={css.name}>
        {title} <span className={css.mean}>{mean === null ? "none closed" : `${format(mean)} on average`}</span>
      </h3>
      <Chart height={120} summary={summary} option={option} />
    </div>
  );
}

function labelOf(palette: Palette) {
  return { color: palette.muted, fontFamily: "Inter Variable", fontSize: 12 };
}
