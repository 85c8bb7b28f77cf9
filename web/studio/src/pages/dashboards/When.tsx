import { clockIn } from "../../format/format";

const CLOCK = clockIn(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** A moment in the browser's own zone, microseconds since 1970 UTC. */
export function When({ us }: { readonly us: number }) {
  return (
    <time className="number" title={CLOCK.zone}>
      {CLOCK.full(us).replace(/\.\d+$/, "")}
    </time>
  );
}
