import { useComputedColorScheme } from "@mantine/core";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import css from "./Chart.module.css";
import type { Size } from "./draw/fit";
import { type Palette, readPalette } from "./palette";

type Props = {
  /** Pixels, or as high as the place is. */
  readonly height: number | "100%";
  /** What a person who cannot see the chart needs to know, in one or two sentences. */
  readonly summary: string;
  readonly option: (palette: Palette, size: Size) => EChartsCoreOption;
  /** A click on a part of it, with what the option's data has there. */
  readonly onPick?: ((data: unknown) => void) | undefined;
  /** What a click between the axes means that hit no part: see `pointNear`. */
  readonly near?: ((at: readonly [number, number], pixels: (y: number) => number) => unknown) | undefined;
};

/** The one way charts are drawn: palette of the theme, size of the place, a summary in words. */
export function Chart({ height, summary, option, onPick, near }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);
  const [size, setSize] = useState<Size | null>(null);
  const scheme = useComputedColorScheme("light");

  useEffect(() => {
    let isGone = false;
    let made: EChartsType | null = null;
    const measure = (drawn: EChartsType) => {
      const now = { width: stepped(drawn.getWidth()), height: stepped(drawn.getHeight()) };
      // Of a place that is not shown yet nothing can be laid out; it is measured again when it is.
      if (now.width > 0 && now.height > 0) setSize((before) => (before?.width === now.width && before.height === now.height ? before : now));
    };
    const observer = new ResizeObserver(() => {
      made?.resize();
      if (made) measure(made);
    });
    void import("./echarts").then(({ init }) => {
      if (isGone || !place.current) return;
      made = init(place.current, null, { renderer: "svg" });
      observer.observe(place.current);
      measure(made);
      setChart(made);
    });
    return () => {
      isGone = true;
      observer.disconnect();
      made?.dispose();
      setChart(null);
    };
  }, []);

  useEffect(() => {
    // After the theme's attribute is on the page, so that the variables are the new ones. Parts that are gone go.
    if (scheme && size) chart?.setOption({ animation: false, ...option(readPalette(), size) }, { replaceMerge: ["series"] });
  }, [chart, option, scheme, size]);

  useEffect(() => {
    if (!chart || !onPick) return;
    let hit: unknown = null;
    const told = ({ data, event }: { readonly data?: unknown; readonly event?: unknown }) => {
      hit = event;
      onPick(data);
    };
    // It comes after the parts' own.
    const beside = (event: { readonly offsetX: number; readonly offsetY: number }) => {
      const at = [event.offsetX, event.offsetY];
      if (!near || hit === event || !chart.containPixel("grid", at)) return;
      const [x = 0, y = 0] = [chart.convertFromPixel("grid", at)].flat();
      onPick(near([x, y], (value) => Number(chart.convertToPixel({ yAxisIndex: 0 }, value))));
    };
    chart.on("click", told);
    chart.getZr().on("click", beside);
    return () => {
      if (chart.isDisposed()) return;
      chart.off("click", told);
      chart.getZr().off("click", beside);
    };
  }, [chart, onPick, near]);

  return (
    <div role="img" aria-label={summary} className={css.chart} style={{ height }}>
      <div ref={place} className={css.place} style={{ height }} aria-hidden data-clickable={onPick ? (near ? "near" : "yes") : undefined} />
    </div>
  );
}

const STEP = 16;

/** In steps, so that a chart that is being resized is laid out anew now and then only. */
function stepped(pixels: number): number {
  return Math.floor(pixels / STEP) * STEP;
}
