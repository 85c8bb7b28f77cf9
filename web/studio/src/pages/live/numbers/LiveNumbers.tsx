import type { LiveCounts } from "../../../api/generated";
import { type Clock, formatCount, formatExact, formatRate } from "../../../format/format";
import css from "./LiveNumbers.module.css";
import { SecondsChart, wholeSeconds } from "./SecondsChart";

/** Mean of the last ten whole seconds: steady enough to read, quick enough to be now. */
export function currentRate(counts: LiveCounts): number {
  const recent = wholeSeconds(counts.seconds).slice(-10);
  return recent.reduce((sum, value) => sum + value, 0) / Math.max(1, recent.length);
}

/** The few numbers that say what is going on. */
export function LiveNumbers({ counts, clock }: { readonly counts: LiveCounts; readonly clock: Clock }) {
  const atLeast = counts.visitors_are_exact ? "" : "≥ ";
  return (
    <div className={css.numbers}>
      <BigNumber label="Visitors now" value={counts.visitors_5m} prefix={atLeast} note="last 5 minutes" />
      <BigNumber label="Open sessions" value={counts.open_sessions} note="at this moment" />
      <BigNumber
        label="Visitors, 30 min"
        value={counts.visitors_30m}
        prefix={atLeast}
        note={`${formatCount(counts.views_30m)} views`}
      />
      <div className={css.rate}>
        <div className={css.rateHead}>
          <span className={css.label}>Events per second</span>
          <span className={css.rateValue} data-testid="rate">
            {formatRate(currentRate(counts))}
          </span>
        </div>
        <SecondsChart series={counts.seconds} clock={clock} />
        <span className={css.note}>last 5 minutes, by second</span>
      </div>
    </div>
  );
}

type NumberProps = {
  readonly label: string;
  readonly value: number;
  readonly note: string;
  readonly prefix?: string;
};

function BigNumber({ label, value, note, prefix = "" }: NumberProps) {
  return (
    <div className={css.number}>
      <span className={css.label}>{label}</span>
      <span className={css.value} title={formatExact(value)} data-testid={label}>
        {prefix}
        {formatCount(value)}
      </span>
      <span className={css.note}>{note}</span>
    </div>
  );
}
