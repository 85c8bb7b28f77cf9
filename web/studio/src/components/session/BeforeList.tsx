import type { SessionBefore, TimelineEvent } from "../../api/generated";
import { type Clock, counted, formatDuration, formatExact } from "../../format/format";
import css from "./SessionDrawer.module.css";

type Props = {
  readonly before: readonly SessionBefore[];
  readonly clock: Clock;
  /** Of the session, to say how many of them changed it. */
  readonly events?: readonly TimelineEvent[];
};

/** What was written before late events changed it, and why it is so no more. */
export function BeforeList({ before, clock, events }: Props) {
  if (before.length === 0) return null;
  return (
    <>
      <h3 className={css.heading}>What it was before</h3>
      <ol className={css.timeline} aria-label="What it was before">
        {before.map((one) => (
          <li key={`${one.session_id} ${one.revision} ${one.epoch}`} className={css.event}>
            <time className={css.time} title={`${clock.full(one.started_at)} ${clock.zone}`}>
              {clock.second(one.started_at)}
            </time>
            <span className={css.what}>
              <span className={css.name}>to {clock.second(one.ended_at)}</span>{" "}
              <span className={css.page}>
                {formatDuration(one.duration_ms / 1000)}, {counted(one.events, "event")}
                {one.is_bounced && ", bounced"}
              </span>
              <span className={css.why}>{whyOf(one, events)}</span>
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

/** What made it void, as far as the events at hand tell. */
export function whyOf(one: SessionBefore, events: readonly TimelineEvent[] | undefined): string {
  const came = (events ?? []).filter(({ epoch }) => epoch > one.epoch && epoch <= one.replaced_in).length;
  const what = came === 0 ? "late events" : came === 1 ? "a late event" : `${formatExact(came)} late events`;
  return one.is_withdrawn
    ? `Gone: ${what} joined, renamed or split it`
    : `Revision ${one.revision}, until ${what} changed it`;
}
