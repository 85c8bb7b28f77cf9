import type { LiveSnapshot, StreamEvent } from "../../../api/generated";
import { changeQuery } from "../../../router/query";
import css from "./ArrivalLight.module.css";

type Props = { readonly snapshot: LiveSnapshot; readonly onContinue: () => void };

/** The snapshot is written after the cut, so an event that it shows can be read everywhere. */
function newest({ people, bots }: LiveSnapshot): StreamEvent | null {
  return people.stream[0] ?? bots.stream[0] ?? null;
}

/** Turns green when the first event can be read. */
export function ArrivalLight({ snapshot, onContinue }: Props) {
  const event = newest(snapshot);
  return (
    <div className={css.light} role="status" data-tone={event ? "good" : "calm"}>
      <span className={css.dot} aria-hidden />
      {event ? (
        <div>
          <p className={css.text}>
            The first event is there: <bdi className={css.name}>{event.event_name}</bdi> <bdi>{event.page}</bdi>
          </p>
          {event.is_bot && <p className={css.more}>Its user agent is a program's, so it is listed under Bots.</p>}
          <button
            type="button"
            className={css.open}
            onClick={() => {
              if (event.is_bot) changeQuery({ who: "all" }, "push");
              onContinue();
            }}
          >
            Show the live page
          </button>
        </div>
      ) : (
        <p className={css.text}>Waiting for the first event. It shows here within a second.</p>
      )}
    </div>
  );
}
