import type { MouseEvent } from "react";
import type { TimelineEvent } from "../../api/generated";
import { changeQuery } from "../../router/query";
import css from "./EventLink.module.css";
import { formatPlace } from "./place";

/** The name of an event; it opens all that is known of it, in the place of what it was listed in. Back returns there. */
export function EventLink({ event }: { readonly event: TimelineEvent }) {
  const place = formatPlace({ requestId: event.request_id, requestIndex: event.request_index, logOffset: event.log_offset });
  const open = (click: MouseEvent) => {
    if (click.metaKey || click.ctrlKey || click.shiftKey) return;
    click.preventDefault();
    changeQuery({ event: place, session: "", visitor: "", of: "" }, "push");
  };
  return (
    <a href={`?event=${place}`} className={css.name} onClick={open}>
      <bdi>{event.event_name}</bdi>
    </a>
  );
}
