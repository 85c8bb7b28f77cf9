import type { SegmentSize } from "../../api/generated";
import { formatExact } from "../../format/format";
import css from "./Segments.module.css";

const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 3;

/** Sizes over time in one line; as far apart as they were in time. */
export function Spark({ sizes }: { readonly sizes: readonly SegmentSize[] }) {
  const [first] = sizes;
  const last = sizes.at(-1);
  if (!first || !last || sizes.length < 2) return <span className={css.share}>no history yet</span>;
  const most = Math.max(...sizes.map(({ size }) => size), 1);
  const span = Math.max(last.at - first.at, 1);
  const points = sizes.map(({ at, size }) => [EDGE + ((at - first.at) / span) * (WIDTH - 2 * EDGE), HEIGHT - EDGE - (size / most) * (HEIGHT - 2 * EDGE)] as const);
  const summary = `From ${formatExact(first.size)} to ${formatExact(last.size)}, noted ${sizes.length} times`;
  return (
    <svg className={css.spark} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary}>
      <title>{summary}</title>
      <polyline points={points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")} fill="none" stroke="var(--accent)" strokeWidth={1.5} strokeLinejoin="round" />
    </svg>
  );
}
