import { useEffect } from "react";

/**
 * Loads what draws charts while a page learns what there is to draw. A browser has few connections to one host: once the
 * tiles have asked, the largest file of the page would wait until their answers free one.
 */
export function useChartsSoon(): void {
  useEffect(() => {
    void import("./echarts");
  }, []);
}
