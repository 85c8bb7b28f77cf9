import { ActionIcon, CloseButton, TextInput, Tooltip } from "@mantine/core";
import { IconFilter, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import type { StreamEvent } from "../api/generated";
import type { Clock } from "../format/format";
import { matches, mergeEvents } from "../live/stream";
import { useQueryValue } from "../url/useQuery";
import { EventList } from "./EventList";
import { Section } from "./Section";
import css from "./StreamPanel.module.css";

const SHOWN = 200;

type Props = { readonly events: readonly StreamEvent[]; readonly clock: Clock };

/** The newest events as they come; can be paused and filtered. */
export function StreamPanel({ events, clock }: Props) {
  const [filter, setFilter] = useQueryValue("filter");
  const [held, setHeld] = useState<readonly StreamEvent[]>([]);
  const [paused, setPaused] = useState<readonly StreamEvent[] | null>(null);
  // Events of former snapshots are kept, so that a filter finds more than the newest.
  const all = mergeEvents(held, events);
  if (all !== held) setHeld(all);
  const shown = (paused ?? all).filter((event) => matches(event, filter)).slice(0, SHOWN);
  const waiting = paused ? mergeEvents(paused, all).length - paused.length : 0;
  const toggle = () => setPaused(paused ? null : all);
  return (
    <Section title="Events as they come" aside={<PauseButton isPaused={paused !== null} onToggle={toggle} />}>
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
        {paused ? `Paused${waiting > 0 ? `, ${waiting} newer` : ""}` : "Newest first"}
      </p>
      {shown.length > 0 ? (
        <EventList events={shown} clock={clock} />
      ) : (
        <p className={css.empty}>
          {filter ? "None of the newest events match. New ones appear here when they do." : "No events yet."}
        </p>
      )}
    </Section>
  );
}

function PauseButton({ isPaused, onToggle }: { readonly isPaused: boolean; readonly onToggle: () => void }) {
  const label = isPaused ? "Continue" : "Pause";
  return (
    <Tooltip label={label} openDelay={400}>
      <ActionIcon variant={isPaused ? "filled" : "subtle"} color={isPaused ? "teal" : "gray"} size={28} aria-label={`${label} the list`} onClick={onToggle}>
        {isPaused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
