import { type KeyboardEvent, memo, useState } from "react";
import type { StreamEvent } from "../../../api/generated";
import { type Clock, shortId } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { formatPlace } from "../../../components/event/place";
import css from "./EventList.module.css";
import { eventKey } from "./stream";

type Props = {
  readonly events: readonly StreamEvent[];
  readonly clock: Clock;
};

/** Rows that open an event. One stop of the Tab key, the row that had the focus last; arrows move between rows. */
export function EventList({ events, clock }: Props) {
  const [, open] = useQueryValue("event");
  const [active, setActive] = useState("");
  const isActiveThere = events.some((event) => eventKey(event) === active);
  return (
    <ol className={css.list} aria-label="Newest events">
      {events.map((event, row) => {
        const key = eventKey(event);
        const isStop = isActiveThere ? key === active : row === 0;
        return <Row key={key} id={key} event={event} clock={clock} open={open} isStop={isStop} onFocus={setActive} />;
      })}
    </ol>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const step = STEPS[event.key];
  if (!step) return;
  const rows = [...(event.currentTarget.closest("ol")?.querySelectorAll("a") ?? [])];
  const from = rows.findIndex((row) => row === event.currentTarget);
  rows[Math.min(rows.length - 1, Math.max(0, from + step))]?.focus();
  event.preventDefault();
}

type RowProps = {
  readonly id: string;
  readonly event: StreamEvent;
  readonly clock: Clock;
  readonly open: (place: string, step: "push") => void;
  readonly isStop: boolean;
  readonly onFocus: (id: string) => void;
};

const Row = memo(function Row({ id, event, clock, open, isStop, onFocus }: RowProps) {
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
        tabIndex={isStop ? 0 : -1}
        onFocus={() => onFocus(id)}
        onKeyDown={moveFocus}
        onClick={(click) => {
          if (click.metaKey || click.ctrlKey || click.shiftKey) return;
          click.preventDefault();
          open(place, "push");
        }}
      >
        <span className={css.head}>
          <span className={css.name}>
            <bdi>{event.event_name}</bdi>
          </span>
          <span className={css.page} title={event.page ?? undefined}>
            <bdi>{event.page}</bdi>
          </span>
          <time className={css.time}>{clock.second(event.received_at)}</time>
        </span>
        <span className={css.details}>
          {details.filter(Boolean).map((detail, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- a place says what it is: id, source, device, browser
            <span key={at}>
              {at > 0 && " · "}
              <bdi>{detail}</bdi>
            </span>
          ))}
        </span>
      </a>
    </li>
  );
});
