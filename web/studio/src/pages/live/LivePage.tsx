import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Apps, LiveCounts, LiveSnapshot } from "../../api/generated";
import { useApps } from "../../api/useApps";
import { SessionDrawer } from "../../components/session/SessionDrawer";
import { Empty } from "../../components/states/Empty";
import { Failure, SignedOut } from "../../components/states/Failure";
import { StatePanel } from "../../components/states/StatePanel";
import { type Clock, clockIn } from "../../format/format";
import { useLive } from "../../live/LiveContext";
import type { LiveState } from "../../live/state";
import { ContinuousPanel } from "./continuous/ContinuousPanel";
import { EventDrawer } from "./event/EventDrawer";
import { FailureNotice } from "./failures/FailureNotice";
import { LiveNotice } from "./LiveNotice";
import css from "./LivePage.module.css";
import { LiveSkeleton } from "./LiveSkeleton";
import { isQuiet } from "./narrowing/counts";
import { formatFilter } from "./narrowing/filters";
import { NarrowBar } from "./narrowing/NarrowBar";
import { type Shown as CountsShown, useCounts } from "./narrowing/useCounts";
import { chooseWho, type Narrowing, useNarrowing } from "./narrowing/useNarrowing";
import { LiveNumbers } from "./numbers/LiveNumbers";
import { MinutesPanel } from "./numbers/MinutesPanel";
import { StreamPanel } from "./stream/StreamPanel";
import { OpenSessions } from "./sessions/OpenSessions";
import { SessionMetrics } from "./sessions/SessionMetrics";
import { PanelDrawer } from "./tops/PanelDrawer";
import { TopPanels } from "./tops/TopPanels";
import { Welcome } from "./welcome/Welcome";

/** The zone of the project's apps if they have one; else UTC. */
function zoneOf(apps: Apps | null): string {
  const zones = new Set(apps?.apps.map(({ app }) => app.time_zone ?? "UTC"));
  const [zone] = zones;
  return zones.size === 1 && zone ? zone : "UTC";
}

type Props = { readonly live: LiveState; readonly apps: Apps | null };

/** What is happening now. */
export default function Page() {
  return <LivePage live={useLive()} apps={useApps()} />;
}

export function LivePage({ live, apps }: Props) {
  const zone = zoneOf(apps);
  const clock = useMemo(() => clockIn(zone), [zone]);
  return (
    <>
      <LiveBody live={live} apps={apps} clock={clock} />
      <EventDrawer clock={clock} />
      <SessionDrawer clock={clock} />
    </>
  );
}

function LiveBody({ live, apps, clock }: Props & { readonly clock: Clock }) {
  switch (live.kind) {
    case "loading":
      return (
        <>
          <h1 className="visually-hidden">Live</h1>
          <LiveSkeleton />
        </>
      );
    case "waiting":
      return (
        <Empty title="Waiting for the first numbers" level={1}>
          <p>
            The pipeline has not written any yet. It does so within a second of its start: if this stays, see what{" "}
            <code>footfall status</code> says.
          </p>
        </Empty>
      );
    case "signed_out":
      return <SignedOut />;
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
  const isNew = (snapshot.totals.events ?? 0) === 0 && isQuiet(snapshot);
  // Whoever waits for a first event sees it arrive where it was waited for, and goes on when ready.
  const [isWelcomed, setIsWelcomed] = useState(false);
  if (isNew && !isWelcomed) setIsWelcomed(true);
  return (
    <>
      <LiveNotice live={live} />
      {isWelcomed || isQuiet(snapshot) ? (
        <Welcome snapshot={snapshot} apps={apps} clock={clock} onContinue={() => setIsWelcomed(false)} />
      ) : (
        <Numbers snapshot={snapshot} clock={clock} />
      )}
    </>
  );
}

function Numbers({ snapshot, clock }: { readonly snapshot: LiveSnapshot; readonly clock: Clock }) {
  const narrowing = useNarrowing();
  const shown = useCounts(snapshot, narrowing);
  return (
    <>
      <NarrowBar title="Live" />
      <FailureNotice snapshot={snapshot} clock={clock} />
      <Shown shown={shown} narrowing={narrowing} snapshot={snapshot} clock={clock} />
      <PanelDrawer />
    </>
  );
}

type ShownProps = {
  readonly shown: CountsShown;
  readonly narrowing: Narrowing;
  readonly snapshot: LiveSnapshot;
  readonly clock: Clock;
};

function Shown({ shown, narrowing, snapshot, clock }: ShownProps) {
  switch (shown.kind) {
    case "loading":
      return <LiveSkeleton />;
    case "failed":
      return <Failure title="The filtered numbers cannot be shown" error={shown.error} retry={shown.retry} />;
    case "counts":
      return (
        <>
          <WhatIsShown counts={shown.counts} narrowing={narrowing} snapshot={snapshot} />
          <div className={css.page}>
            <div className={css.numbers}>
              <LiveNumbers counts={shown.counts} clock={clock} />
            </div>
            <div className={css.stream}>
              <StreamPanel key={keyOf(narrowing)} events={shown.counts.stream} clock={clock} />
            </div>
            <div className={css.minutes}>
              <MinutesPanel counts={shown.counts} clock={clock} />
            </div>
            <div className={css.panels}>
              <TopPanels counts={shown.counts} />
              <ContinuousPanel clock={clock} />
              {snapshot.sessions && <SessionMetrics sessions={snapshot.sessions} clock={clock} />}
              <OpenSessions who={narrowing.who} clock={clock} />
            </div>
          </div>
        </>
      );
  }
}

/** Other filters have other events: nothing of the former list is kept. */
function keyOf({ who, filters }: Narrowing): string {
  return [who, ...filters.map(formatFilter)].join("\n");
}

function WhatIsShown({ counts, narrowing, snapshot }: Pick<ShownProps, "narrowing" | "snapshot"> & { readonly counts: LiveCounts }) {
  if (narrowing.filters.length > 0) {
    return <p className={css.note}>Filtered numbers are counted anew every five seconds.</p>;
  }
  if (narrowing.who === "people" && counts.events_30m === 0 && snapshot.bots.events_30m > 0) {
    return (
      <p className={css.note}>
        Only bots came in the last 30 minutes: programs, by their user agent.{" "}
        <button type="button" className={css.link} onClick={() => chooseWho("bots")}>
          Show them
        </button>
      </p>
    );
  }
  return null;
}
