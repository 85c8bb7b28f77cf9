import { ActionIcon, CloseButton, TextInput, Tooltip } from "@mantine/core";
import { IconArrowUp, IconFilter, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { type MouseEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { StreamEvent } from "../../../api/generated";
import { Section } from "../../../components/Section";
import { type Clock, formatCount } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { EventList } from "./EventList";
import { KEPT_EVENTS, matches, mergeEvents, newerThan } from "./stream";
import css from "./StreamPanel.module.css";
import { useHold } from "./useHold";
import { useLingering } from "./useLingering";

const SHOWN = 200;

type Props = { readonly events: readonly StreamEvent[]; readonly clock: Clock };

/**
 * The newest events as they come. The list stands still while the pointer or the keyboard's focus is on it, while one
 * of its events is open, and when it is paused; what came meanwhile waits behind a button.
 */
export function StreamPanel({ events, clock }: Props) {
  const [filter, setFilter] = useQueryValue("filter");
  const [opened] = useQueryValue("event");
  const [held, setHeld] = useState<readonly StreamEvent[]>([]);
  const [isPaused, setIsPaused] = useState(false);
  const [still, setStill] = useState<readonly StreamEvent[] | null>(null);
  const { isHeld, handlers } = useHold();
  const place = useRef<HTMLDivElement>(null);
  const isOpened = useLingering(opened !== "");
  const isStill = isPaused || isHeld || isOpened;
  // Events of former snapshots are kept, so that a filter finds more than the newest.
  const all = mergeEvents(held, events);
  if (all !== held) setHeld(all);
  // What stands still is what was drawn last, not what came with the change.
  if (isStill && still === null) setStill(held.length > 0 ? held : all);
  if (!isStill && still !== null) setStill(null);
  const base = isStill ? (still ?? all) : all;
  const shown = base.filter((event) => matches(event, filter)).slice(0, SHOWN);
  const waiting = isStill ? newerThan(base, all, filter).length : 0;
  const load = (click: MouseEvent) => {
    flushSync(() => setStill(all));
    place.current?.scrollTo({ top: 0 });
    // The button went away under the keyboard's focus (a click by pointer has a count).
    if (click.detail === 0) place.current?.querySelector("a")?.focus();
  };
  return (
    <Section
      title="Events as they come"
      aside={<PauseButton isPaused={isPaused} onToggle={() => setIsPaused(!isPaused)} />}
    >
      <TextInput
        size="xs"
        placeholder="Filter by event, page, visitor, source …"
        aria-label="Filter events"
        leftSection={<IconFilter size={14} aria-hidden />}
        rightSection={filter ? <CloseButton size="xs" aria-label="Clear the filter" onClick={() => setFilter("")} /> : null}
        value={filter}
        onChange={(change) => setFilter(change.currentTarget.value)}
      />
      <p className={css.note} role="status" data-testid="stream-note">
        {noteOf(isPaused, isStill, filter !== "")}
      </p>
      <div className={css.frame} {...handlers}>
        {waiting > 0 && (
          <button type="button" className={css.newer} onClick={load} data-testid="newer">
            <IconArrowUp size={14} aria-hidden />
            {waiting >= KEPT_EVENTS ? `${formatCount(KEPT_EVENTS)} or more` : waiting} newer
          </button>
        )}
        <div className={css.scroll} ref={place}>
          {shown.length > 0 ? (
            <EventList events={shown} clock={clock} />
          ) : (
            <p className={css.empty}>
              {filter ? "None of the newest events match. New ones appear here when they do." : "No events yet."}
            </p>
          )}
        </div>
      </div>
    </Section>
  );
}

/** What the list does now, and what will happen. Its changes are read out, so it does not count. */
function noteOf(isPaused: boolean, isStill: boolean, isFiltered: boolean): string {
  if (isPaused && isFiltered) return "Paused. The filter searches what is here; newer matches come when you continue";
  if (isPaused) return "Paused. Newer events come when you continue";
  if (isStill) return "Standing still while you are on it";
  return isFiltered ? "Newest first, only what matches" : "Newest first";
}

function PauseButton({ isPaused, onToggle }: { readonly isPaused: boolean; readonly onToggle: () => void }) {
  const label = isPaused ? "Continue" : "Pause";
  return (
    <Tooltip label={label} openDelay={400} withinPortal={false}>
      <ActionIcon
        variant={isPaused ? "filled" : "subtle"}
        color={isPaused ? "teal" : "gray"}
        size={28}
        aria-label={`${label} the list`}
        onClick={onToggle}
      >
        {isPaused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
