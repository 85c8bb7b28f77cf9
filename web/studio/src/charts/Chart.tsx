import { useComputedColorScheme } from "@mantine/core";
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import css from "./Chart.module.css";
import { type Palette, readPalette } from "./palette";

type Props = {
  /** Pixels, or as high as the place is. */
  readonly height: number | "100%";
  /** What a person who cannot see the chart needs to know, in one or two sentences. */
  readonly summary: string;
  readonly option: (palette: Palette) => EChartsCoreOption;
  /** A click on a part of it, with what the option's data has there. */
  readonly onPick?: ((data: unknown) => void) | undefined;
};

/** The one way charts are drawn: palette of the theme, size of the place, a summary in words. */
export function Chart({ height, summary, option, onPick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);
  const scheme = useComputedColorScheme("light");

  useEffect(() => {
    let isGone = false;
    let made: EChartsType | null = null;
    const observer = new ResizeObserver(() => made?.resize());
    void import("./echarts").then(({ init }) => {
      if (isGone || !place.current) return;
      made = init(place.current, null, { renderer: "svg" });
      observer.observe(place.current);
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
    if (scheme) chart?.setOption({ animation: false, ...option(readPalette()) }, { replaceMerge: ["series"] });
  }, [chart, option, scheme]);

  useEffect(() => {
    if (!chart || !onPick) return;
    const told = ({ data }: { readonly data?: unknown }) => onPick(data);
    chart.on("click", told);
    return () => {
      if (!chart.isDisposed()) chart.off("click", told);
    };
  }, [chart, onPick]);

  return (
    <div role="img" aria-label={summary} className={css.chart} style={{ height }}>
      <div ref={place} className={css.place} style={{ height }} aria-hidden data-clickable={onPick ? "yes" : undefined} />
    </div>
  );
}
