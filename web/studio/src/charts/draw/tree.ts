import type { EChartsCoreOption } from "echarts/core";
import { slotsOf } from "../colours";
import { type ChartData, columnAt, exactIn, isNumber, labelOf, numberOf, shortIn } from "../data";
import { mixed, onColour } from "../mix";
import type { Palette } from "../palette";
import { tooltipLook } from "../tooltip";
import { isRoomy, type Size, textWidth } from "./fit";
import { textLook } from "./look";

const SCALE_HEIGHT = 28;
const BAR = 96;
const GAPS = 40;

/** What the shades mean: the number's name, and its least and greatest at their colours. */
function scale(data: ChartData, colour: number, [least, most]: readonly [number, number], palette: Palette, width: number) {
  const [low, high] = [shortIn(data, colour, least), shortIn(data, colour, most)];
  const named = `${data.columns[colour]?.name ?? ""}   ${low}`;
  const bar = Math.min(BAR, Math.round(width / 4));
  // Where the name has no room, the two numbers stay.
  const isRoom = textWidth(named) + textWidth(high) + bar + GAPS <= width;
  return {
    type: "continuous",
    // It only tells; rectangles have their colours already.
    seriesIndex: [],
    min: least,
    max: most,
    inRange: { color: [palette.soft, palette.accent] },
    orient: "horizontal",
    left: 0,
    bottom: 0,
    itemWidth: 10,
    itemHeight: bar,
    textGap: 8,
    hoverLink: false,
    text: [high, isRoom ? named : low],
    textStyle: textLook(palette),
  };
}

/** A rectangle a row: as large as one number, coloured by another, or by a value. */
export function treeMap(data: ChartData, palette: Palette, place: Size): EChartsCoreOption {
  const [x, colour] = [columnAt(data, data.roles.x), columnAt(data, data.roles.colour)];
  const size = columnAt(data, data.roles.size || data.roles.y?.[0]);
  const isShaded = colour >= 0 && isNumber(data, colour);
  const shades = isShaded ? data.rows.map((row) => numberOf(row[colour]) ?? 0) : [];
  const [least, most] = [Math.min(...shades), Math.max(...shades)];
  const words = data.rows.map((row) => labelOf(data, colour >= 0 ? colour : x, row[colour >= 0 ? colour : x]));
  const slots = slotsOf(isShaded ? [] : words);
  const colourAt = (at: number) =>
    isShaded
      ? mixed(palette.soft, palette.accent, most > least ? ((shades[at] ?? 0) - least) / (most - least) : 1)
      : (palette.series[slots.get(words[at] ?? "") ?? 0] ?? palette.accent);
  const total = data.rows.reduce((sum, row) => sum + Math.max(0, numberOf(row[size]) ?? 0), 0);
  const parts = data.rows.map((row, at) => ({
    name: labelOf(data, x, row[x]),
    value: numberOf(row[size]) ?? 0,
    shade: isShaded ? (shades[at] ?? 0) : null,
    row: at,
    itemStyle: { color: colourAt(at) },
    label: { color: onColour(colourAt(at)), show: isRoomy((numberOf(row[size]) ?? 0) / total, place) },
  }));
  const [sizeName, colourName] = [data.columns[size]?.name ?? "", data.columns[colour]?.name ?? ""];
  const hasScale = isShaded && most > least;
  return {
    ...(hasScale ? { visualMap: scale(data, colour, [least, most], palette, place.width) } : {}),
    tooltip: {
      ...tooltipLook(palette),
      trigger: "item",
      formatter: ({ data: part }: { readonly data: { name?: string; value?: number; shade?: number | null } }) =>
        [
          part.name ?? "",
          `${sizeName}   ${exactIn(data, size, part.value ?? null)}`,
          ...(part.shade === null || part.shade === undefined ? [] : [`${colourName}   ${exactIn(data, colour, part.shade)}`]),
        ].join("\n"),
    },
    series: [
      {
        type: "treemap",
        left: 0,
        right: 0,
        top: 0,
        bottom: hasScale ? SCALE_HEIGHT : 0,
        roam: false,
        nodeClick: false,
        breadcrumb: { show: false },
        itemStyle: { borderColor: palette.raised, borderWidth: 0, gapWidth: 3, borderRadius: 4 },
        label: {
          fontFamily: "Inter Variable",
          fontSize: 13,
          overflow: "truncate",
          position: "insideTopLeft",
          distance: 8,
          formatter: ({ data: part }: { readonly data: { name?: string; value?: number } }) =>
            `${part.name ?? ""}\n${exactIn(data, size, part.value ?? null)}`,
          lineHeight: 18,
        },
        data: parts,
      },
    ],
  };
}
