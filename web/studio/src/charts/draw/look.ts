import type { Palette } from "../palette";

const FONT = "Inter Variable";

export function legend(palette: Palette, names: readonly string[]) {
  return {
    type: "scroll",
    show: names.length > 1,
    data: [...names],
    bottom: 0,
    left: 0,
    itemWidth: 10,
    itemHeight: 10,
    itemGap: 12,
    icon: "roundRect",
    pageIconColor: palette.muted,
    pageIconInactiveColor: palette.line,
    pageTextStyle: { color: palette.muted, fontFamily: FONT },
    textStyle: { color: palette.text, fontFamily: FONT, fontSize: 12, width: 150, overflow: "truncate" },
  };
}

export function axisLook(palette: Palette) {
  return {
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: palette.muted, fontFamily: FONT, fontSize: 12, hideOverlap: true },
    splitLine: { lineStyle: { color: palette.line } },
  };
}

export function textLook(palette: Palette) {
  return { color: palette.text, fontFamily: FONT, fontSize: 12 };
}
