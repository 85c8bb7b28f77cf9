import { type KeyboardEvent, memo } from "react";
import type { StreamEvent } from "../api/generated";
import type { Clock } from "../format/format";
import { eventKey } from "../live/stream";
import { formatPlace } from "../url/place";
import { useQueryValue } from "../url/useQuery";
import css from "./EventList.module.css";

type Props = { readonly events: readonly StreamEvent[]; readonly clock: Clock };

/** Rows that open an event. One stop of the Tab key; arrows move between rows. */
export function EventList({ events, clock }: Props) {
  const [, open] = useQueryValue("event");
  return (
    <ol className={css.list} aria-label="Newest events">
      {events.map((event, row) => (
        <Row key={eventKey(event)} event={event} clock={clock} open={open} isFirst={row === 0} />
      ))}
    </ol>
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const rows = [...(event.currentTarget.closest("ol")?.querySelectorAll("a") ?? [])];
  const from = rows.findIndex((row) => row === event.currentTarget);
  rows[Math.min(rows.length - 1, Math.max(0, from + step))]?.focus();
  event.preventDefault();
}

type RowProps = {
  readonly event: StreamEvent;
  readonly clock: Clock;
  readonly open: (place: string, step: "push") => void;
  readonly isFirst: boolean;
};

const Row = memo(function Row({ event, clock, open, isFirst }: RowProps) {
  const place = formatPlace({
    requestId: event.request_id,
    requestIndex: event.request_index,
    logOffset: event.log_offset,
  });
  const details = [event.user_id ?? shortId(event.visitor_id), event.source, event.device, event.browser];
  return (
    <li className={css.item}>
      <a
        className={css.row}
        href={`?event=${place}`}
        tabIndex={isFirst ? 0 : -1}
        onKeyDown={moveFocus}
        onClick={(click) => {
          if (click.metaKey || click.ctrlKey || click.shiftKey) return;
          click.preventDefault();
          open(place, "push");
        }}
      >
        <span className={css.head}>
          <span className={css.name}>{event.event_name}</span>
          <span className={css.page} title={event.page ?? undefined}>
            {event.page}
          </span>
          <time className={css.time}>{clock.second(event.received_at)}</time>
        </span>
        <span className={css.details}>{details.filter(Boolean).join(" · ")}</span>
      </a>
    </li>
  );
});

function shortId(id: string | null): string | null {
  return id && id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}
