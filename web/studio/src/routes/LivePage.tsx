import { Button } from "@mantine/core";
import { useMemo } from "react";
import type { Apps, LiveSnapshot } from "../api/generated";
import { EventDrawer } from "../components/EventDrawer";
import { FirstEvent } from "../components/FirstEvent";
import { LiveNotice } from "../components/LiveNotice";
import { LiveNumbers } from "../components/LiveNumbers";
import { LiveSkeleton } from "../components/LiveSkeleton";
import { MinutesPanel } from "../components/MinutesPanel";
import { StatePanel } from "../components/StatePanel";
import { StreamPanel } from "../components/StreamPanel";
import { TopPanels } from "../components/TopPanels";
import { type Clock, clockIn } from "../format/format";
import type { LiveState } from "../live/state";
import css from "./LivePage.module.css";

/** The zone of the project's apps if they have one; else UTC. */
function zoneOf(apps: Apps | null): string {
  const zones = new Set(apps?.apps.map(({ app }) => app.time_zone ?? "UTC"));
  const [zone] = zones;
  return zones.size === 1 && zone ? zone : "UTC";
}

type Props = { readonly live: LiveState; readonly apps: Apps | null };

export function LivePage({ live, apps }: Props) {
  const zone = zoneOf(apps);
  const clock = useMemo(() => clockIn(zone), [zone]);
  return (
    <>
      <h1 className="visually-hidden">Live</h1>
      <LiveBody live={live} apps={apps} clock={clock} />
      <EventDrawer clock={clock} />
    </>
  );
}

function LiveBody({ live, apps, clock }: Props & { readonly clock: Clock }) {
  switch (live.kind) {
    case "loading":
      return <LiveSkeleton />;
    case "waiting":
      return (
        <StatePanel title="Waiting for the first numbers">
          <p>
            The pipeline has not written any yet. It does so within a second of its start: if this stays, see what{" "}
            <code>footfall status</code> says.
          </p>
        </StatePanel>
      );
    case "signed_out":
      return (
        <StatePanel title="Open the link again">
          <p>
            This browser is not signed in. Open the link that <code>footfall serve</code> printed when it started; it
            works once for each start.
          </p>
        </StatePanel>
      );
    case "reconnecting":
      return live.snapshot ? (
        <LiveNumbersAndLists live={live} snapshot={live.snapshot} apps={apps} clock={clock} />
      ) : (
        <StatePanel title="The studio does not answer" tone="failure">
          <p>
            It may be starting, or <code>footfall serve</code> has stopped. This page tries again by itself.
          </p>
          <Button variant="default" onClick={() => window.location.reload()}>
            Try now
          </Button>
        </StatePanel>
      );
    case "live":
    case "stalled":
      return <LiveNumbersAndLists live={live} snapshot={live.snapshot} apps={apps} clock={clock} />;
  }
}

function LiveNumbersAndLists({
  live,
  snapshot,
  apps,
  clock,
}: Props & { readonly snapshot: LiveSnapshot; readonly clock: Clock }) {
  const isEmpty = snapshot.events_30m === 0 && snapshot.stream.length === 0;
  return (
    <>
      <LiveNotice live={live} />
      {isEmpty ? (
        <FirstEvent apps={apps} />
      ) : (
        <div className={css.page}>
          <div className={css.left}>
            <LiveNumbers snapshot={snapshot} clock={clock} />
            <MinutesPanel snapshot={snapshot} clock={clock} />
            <TopPanels snapshot={snapshot} />
          </div>
          <StreamPanel events={snapshot.stream} clock={clock} />
        </div>
      )}
    </>
  );
}
