import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { navigate } from "wouter/use-browser-location";
import type { AppView, Apps, ListedDashboard, LiveSnapshot } from "../../api/generated";
import { useApps } from "../../api/useApps";
import { Moment } from "../../components/Moment";
import { Section } from "../../components/Section";
import { Snippet } from "../../components/Snippet";
import { Ways } from "../../components/send/Ways";
import { SignedOut } from "../../components/states/Failure";
import { clockIn, formatCount, formatExact, formatRate } from "../../format/format";
import { useLive } from "../../live/LiveContext";
import { lastSnapshot } from "../../live/state";
import { PageLink } from "../../router/PageLink";
import { listDashboards } from "../dashboards/api";
import { ArrivalLight } from "../live/welcome/ArrivalLight";
import css from "./HomePage.module.css";
import { RECIPES } from "./recipes";
import { type AppCount, useAppCounts } from "./useAppCounts";

const CLOCK = clockIn(Intl.DateTimeFormat().resolvedOptions().timeZone);

/** What is here, how to send more, and what to look at. */
export default function HomePage() {
  const live = useLive();
  const apps = useApps();
  const snapshot = lastSnapshot(live);
  // It stays once it was shown, so that the light is seen turning green.
  const isEmpty = snapshot !== null && (snapshot.totals.events ?? 0) === 0;
  const [wasEmpty, setWasEmpty] = useState(false);
  if (isEmpty && !wasEmpty) setWasEmpty(true);
  if (live.kind === "signed_out") return <SignedOut />;
  const isNew = snapshot !== null && wasEmpty;
  return (
    <>
      <h1 className={css.title}>{apps ? `Project ${apps.project}` : "Home"}</h1>
      <div className={css.page}>
        <div className={css.column}>
          {isNew && <FirstEvent snapshot={snapshot} apps={apps} />}
          <Section title="What is here" aside={<PageLink to="/live" className={css.more}>Live</PageLink>}>
            <Now snapshot={snapshot} />
            <AppList apps={apps} />
          </Section>
          <Dashboards />
          <Section title="Recipes to try">
            <ul className={css.recipes}>
              {RECIPES.map(({ name, command, about }) => (
                <li key={command}>
                  <p className={css.recipe}>
                    <strong>{name}.</strong> {about}
                  </p>
                  <Snippet label={`the command of ${name}`} text={command} />
                </li>
              ))}
            </ul>
          </Section>
        </div>
        <div className={css.column}>
          <Section title="Send events">
            <Ways apps={apps} />
          </Section>
        </div>
      </div>
    </>
  );
}

/** A project without an event: what to do, and a light that says when it is done. */
function FirstEvent({ snapshot, apps }: { readonly snapshot: LiveSnapshot; readonly apps: Apps | null }) {
  return (
    <Section title="Send the first event">
      <ol className={css.steps}>
        <li>Copy the code of one way to send. It is filled in for your app and works as it stands.</li>
        <li>
          {apps?.collector_url === null ? (
            <>
              Start the collector with <code>footfall serve</code>: it does not run, so nothing can come in.
            </>
          ) : (
            "Open the page that has it, or run it."
          )}
        </li>
        <li>The light turns green as soon as the event can be asked for. If it stays grey, the Live page says what was refused, and why.</li>
      </ol>
      <ArrivalLight snapshot={snapshot} onContinue={() => navigate("/live")} />
    </Section>
  );
}

/** Events per second over the last minute: the last second is not over. */
function rateOf(snapshot: LiveSnapshot): number {
  const seconds = [snapshot.people, snapshot.bots].map(({ seconds: { events } }) => events.slice(-61, -1));
  const counted = seconds[0]?.length ?? 0;
  return seconds.flat().reduce((sum, value) => sum + value, 0) / Math.max(1, counted);
}

function Now({ snapshot }: { readonly snapshot: LiveSnapshot | null }) {
  const newest = [snapshot?.people.stream[0], snapshot?.bots.stream[0]]
    .flatMap((event) => (event ? [event] : []))
    .toSorted((left, right) => right.received_at - left.received_at)[0];
  return (
    <dl className={css.now}>
      <Figure name="Events per second" value={snapshot ? formatRate(rateOf(snapshot)) : "–"} />
      <Figure name="Visitors in 30 minutes" value={snapshot ? formatCount(snapshot.people.visitors_30m) : "–"} />
      <Figure name="Events in all" value={snapshot ? formatCount(snapshot.totals.events ?? 0) : "–"} />
      <Figure name="Last event" value={newest ? CLOCK.second(newest.received_at) : "none lately"} />
    </dl>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt className={css.name}>{name}</dt>
      <dd className={css.value}>{value}</dd>
    </div>
  );
}

function AppList({ apps }: { readonly apps: Apps | null }) {
  const counts = useAppCounts();
  if (!apps) return null;
  if (apps.apps.length === 0) {
    return (
      <p className={css.about}>
        No apps yet. Make one: <code>footfall key create shop_web</code>.
      </p>
    );
  }
  return (
    <table className={css.apps}>
      <thead>
        <tr>
          <th scope="col">App</th>
          <th scope="col" className={css.figure}>
            Events in 24 h
          </th>
          <th scope="col" className={css.figure}>
            Visitors
          </th>
          <th scope="col">Last event</th>
        </tr>
      </thead>
      <tbody>
        {apps.apps.map((one) => (
          <AppRow key={one.app.app_id} view={one} count={counts?.get(one.app.app_id) ?? null} isKnown={counts !== null} />
        ))}
      </tbody>
    </table>
  );
}

type RowProps = { readonly view: AppView; readonly count: AppCount | null; readonly isKnown: boolean };

function AppRow({ view: { app }, count, isKnown }: RowProps) {
  const none = isKnown ? "0" : "…";
  return (
    <tr>
      <th scope="row">
        <bdi>{app.name}</bdi> {app.name !== app.app_id && <code>{app.app_id}</code>}
      </th>
      <td className={css.figure}>{count ? formatExact(count.events) : none}</td>
      <td className={css.figure}>{count ? formatExact(count.visitors) : none}</td>
      <td>{count ? <Moment text={count.last} clock={clockIn(app.time_zone ?? "UTC")} /> : isKnown && "none in 24 h"}</td>
    </tr>
  );
}

function Dashboards() {
  const query = useQuery({ queryKey: ["dashboards"], queryFn: ({ signal }) => listDashboards(signal) });
  const dashboards = query.data?.dashboards ?? [];
  return (
    <Section title="Dashboards" aside={<PageLink to="/dashboards" className={css.more}>All dashboards</PageLink>}>
      {dashboards.length === 0 ? (
        <p className={css.about}>
          None yet. <PageLink to="/dashboards" className={css.inline}>Add one that is ready</PageLink>, such as Web overview, or make your own by dragging fields.
        </p>
      ) : (
        <ul className={css.list}>
          {dashboards.map((one) => (
            <DashboardItem key={one.name} one={one} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function DashboardItem({ one }: { readonly one: ListedDashboard }) {
  return (
    <li>
      <a className={css.link} href={`/dashboards?name=${encodeURIComponent(one.name)}`}>
        {one.title || one.name}
      </a>
      {!one.is_published && <span className={css.about}> draft</span>}
    </li>
  );
}
