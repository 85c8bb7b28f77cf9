import "@mantine/core/styles/Combobox.css";
import { SegmentedControl, Select } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";
import type { SqlAnswerShape } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { Palette } from "../../../charts/palette";
import { tooltipLook } from "../../../charts/tooltip";
import { Empty } from "../../../components/states/Empty";
import { formatCount, formatExact } from "../../../format/format";
import { CHART_KINDS, type Chosen, firstChoice, isChartKind, numericColumns, seriesOf } from "./chart";
import css from "./ResultChart.module.css";

const TITLES = { bar: "Bar", line: "Line", area: "Area" };
const KINDS = CHART_KINDS.map((value) => ({ value, label: TITLES[value] }));

/** The answer drawn: a column along, a number up. */
export function ResultChart({ answer }: { readonly answer: SqlAnswerShape }) {
  const [picked, setPicked] = useState<Chosen | null>(null);
  const first = useMemo(() => firstChoice(answer), [answer]);
  const names = answer.columns.map(({ name }) => name);
  const isPossible = picked !== null && names.includes(picked.x) && names.includes(picked.y);
  const chosen = isPossible ? picked : first;
  if (!chosen) {
    return (
      <Empty title="Nothing to draw" level={2}>
        <p>A chart needs a column of numbers, and another one to lie along.</p>
      </Empty>
    );
  }
  return (
    <div>
      <div className={css.choices}>
        <SegmentedControl
          size="xs"
          aria-label="Kind of chart"
          data={KINDS}
          value={chosen.kind}
          onChange={(kind) => isChartKind(kind) && setPicked({ ...chosen, kind })}
        />
        <Select size="xs" label="Along" data={names} value={chosen.x} allowDeselect={false} onChange={(x) => x !== null && setPicked({ ...chosen, x })} />
        <Select
          size="xs"
          label="Up"
          data={[...numericColumns(answer)]}
          value={chosen.y}
          allowDeselect={false}
          onChange={(y) => y !== null && setPicked({ ...chosen, y })}
        />
      </div>
      <Drawn answer={answer} chosen={chosen} />
    </div>
  );
}

function Drawn({ answer, chosen }: { readonly answer: SqlAnswerShape; readonly chosen: Chosen }) {
  const series = useMemo(() => seriesOf(answer, chosen), [answer, chosen]);
  const option = useCallback(
    (palette: Palette) => {
      const label = { color: palette.muted, fontFamily: "Inter Variable", fontSize: 12 };
      return {
        grid: { left: 56, right: 12, top: 12, bottom: 28 },
        xAxis: {
          type: "category",
          data: series.labels,
          axisTick: { show: false },
          axisLine: { lineStyle: { color: palette.line } },
          axisLabel: { ...label, width: 120, overflow: "truncate", hideOverlap: true },
        },
        yAxis: {
          type: "value",
          splitNumber: 4,
          splitLine: { lineStyle: { color: palette.line } },
          axisLabel: { ...label, formatter: formatCount },
        },
        tooltip: {
          ...tooltipLook(palette),
          formatter: ([mark]: readonly { name: string; value: number | null }[]) =>
            mark ? `${mark.name}   ${typeof mark.value === "number" ? formatExact(mark.value) : "null"}` : "",
        },
        series: [
          {
            type: chosen.kind === "bar" ? "bar" : "line",
            data: series.values,
            showSymbol: series.values.length < 60,
            barCategoryGap: "28%",
            itemStyle: { color: palette.accent, borderRadius: chosen.kind === "bar" ? [3, 3, 0, 0] : 0 },
            lineStyle: { color: palette.accent, width: 2 },
            ...(chosen.kind === "area" ? { areaStyle: { color: palette.soft } } : {}),
          },
        ],
      };
    },
    [series, chosen.kind],
  );
  return (
    <>
      <Chart height={320} summary={summaryOf(series.values, chosen)} option={option} />
      {series.left > 0 && (
        <p className={css.left}>
          The first {formatExact(series.values.length)} rows are drawn; {formatExact(series.left)} more are in the table.
        </p>
      )}
    </>
  );
}

function summaryOf(values: readonly (number | null)[], { x, y }: Chosen): string {
  const numbers = values.filter((value) => value !== null);
  const most = numbers.length === 0 ? 0 : Math.max(...numbers);
  return `${y} by ${x}: ${formatExact(values.length)} marks, at most ${formatExact(most)}.`;
}
