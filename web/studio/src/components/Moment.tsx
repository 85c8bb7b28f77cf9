import type { Clock } from "../format/format";

/** SQL writes `2026-07-01 10:00:00+00`, the browser reads `2026-07-01T10:00:00+00:00`. */
function momentMs(text: string): number {
  return Date.parse(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
}

/** A time of SQL in the app's zone, as stored on hover: the one way the pages write dates. */
export function Moment({ text, clock }: { readonly text: string; readonly clock: Clock }) {
  const ms = momentMs(text);
  return (
    <time className="number" title={text}>
      {Number.isNaN(ms) ? text : `${clock.full(ms * 1000)} ${clock.zone}`}
    </time>
  );
}
