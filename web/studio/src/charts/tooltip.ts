import type { Palette } from "./palette";

/** The look of a chart's tooltip. Its text is drawn by ECharts from rich text, never from markup. */
export function tooltipLook(palette: Palette) {
  return {
    trigger: "axis",
    renderMode: "richText",
    backgroundColor: palette.raised,
    borderColor: palette.line,
    borderWidth: 1,
    padding: [6, 10],
    textStyle: { color: palette.text, fontFamily: "Inter Variable", fontSize: 12 },
    transitionDuration: 0,
    confine: true,
  };
}
