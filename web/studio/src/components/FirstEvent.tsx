import type { Apps } from "../api/generated";
import { Snippet } from "./Snippet";
import { StatePanel } from "./StatePanel";

/** The command that sends a first event to the collector. */
export function firstEventCommand(apps: Apps | null): string {
  const collector = apps?.collector_url ?? "http://127.0.0.1:7700";
  const writeId = apps?.apps.find((view) => view.write_id !== null)?.write_id ?? "YOUR-WRITE-ID";
  const event = { name: "page_view", visitor_id: "me", page: { url: "https://example.com/hello" } };
  return `curl -X POST '${collector}/v1/events?write_id=${writeId}' \\\n  -d '${JSON.stringify(event)}'`;
}

/** Empty: why, and what to do. */
export function FirstEvent({ apps }: { readonly apps: Apps | null }) {
  const isStopped = apps !== null && apps.collector_url === null;
  return (
    <StatePanel title="No events in the last 30 minutes">
      <p>
        {isStopped ? (
          <>
            The collector does not run, so nothing can come in. Start it with <code>footfall serve</code>, then send a
            first event from a terminal:
          </>
        ) : (
          "Everything is running, but nothing came in. Send a first event from a terminal; it appears here within a second:"
        )}
      </p>
      <Snippet label="command" text={firstEventCommand(apps)} />
    </StatePanel>
  );
}
