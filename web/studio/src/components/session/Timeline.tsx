import type { SessionTimeline, TimelineEvent } from "../../api/generated";
import { type Clock, formatDuration, formatExact } from "../../format/format";
import { EventLink } from "../event/EventLink";
import css from "./SessionDrawer.module.css";

/** A pause that is worth a line of its own. */
const GAP_US = 60e6;

/** Events in the order of their time; pauses between them, and those that came late. */
export function Timeline({ found, clock }: { readonly found: SessionTimeline; readonly clock: Clock }) {
  return (
    <>
      <h3 className={css.heading}>Timeline</h3>
      <ol className={css.timeline} aria-label="Events of the session">
        {found.events.map((event, at) => (
          <li key={`${event.request_id}.${event.request_index}`}>
            <Gap before={found.events[at - 1]} event={event} />
            <Entry event={event} clock={clock} />
          </li>
        ))}
      </ol>
      {found.is_cut_off && (
        <p className={css.note}>
          These are the first {formatExact(found.events.length)} of {formatExact(found.session.events)} events; SQL has
          all.
        </p>
      )}
    </>
  );
}

/** When it came, of one that came long after it happened: from a device that was offline, or told later by a server. */
export function Received({ event, clock }: { readonly event: TimelineEvent; readonly clock: Clock }) {
  if (!event.is_late) return null;
  return (
    <span className={css.late} title={`Received ${clock.full(event.received_at)} ${clock.zone}: from a device that was offline, or told later by a server or an import`}>
      received {formatDuration((event.received_at - event.event_time) / 1e6)} later
    </span>
  );
}

function Gap({ before, event }: { readonly before: TimelineEvent | undefined; readonly event: TimelineEvent }) {
  const gap = before ? event.event_time - before.event_time : 0;
  return gap < GAP_US ? null : <p className={css.gap}>{formatDuration(gap / 1e6)} without an event</p>;
}

function Entry({ event, clock }: { readonly event: TimelineEvent; readonly clock: Clock }) {
  return (
    <div className={css.event}>
      <time className={css.time} title={`${clock.full(event.event_time)} ${clock.zone}`}>
        {clock.second(event.event_time)}
      </time>
      <span className={css.what}>
        <EventLink event={event} /> <bdi className={css.page}>{event.page ?? ""}</bdi>
        <Received event={event} clock={clock} />
      </span>
    </div>
  );
}
