import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { failureText } from "../../../api/client";
import type { Apps, LiveSnapshot } from "../../../api/generated";
import { Snippet } from "../../../components/Snippet";
import type { Clock } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { readSnippets } from "../api";
import { FailureList } from "../failures/FailureList";
import { useFailures } from "../failures/useFailures";
import { ArrivalLight } from "./ArrivalLight";
import css from "./Welcome.module.css";

type Props = {
  readonly snapshot: LiveSnapshot;
  readonly apps: Apps | null;
  readonly clock: Clock;
  readonly onContinue: () => void;
};

/** Empty: how to send, whether it arrived, and if not, why. */
export function Welcome({ snapshot, apps, clock, onContinue }: Props) {
  const isFirst = (snapshot.totals.events ?? 0) === 0 || snapshot.people.events_30m + snapshot.bots.events_30m > 0;
  const arrivals = useFailures(snapshot);
  const isStopped = apps !== null && apps.collector_url === null;
  return (
    <section className={css.welcome}>
      <h1 className={css.title}>{isFirst ? "Send the first event" : "No events in the last 30 minutes"}</h1>
      <p className={css.text}>
        {isStopped ? (
          <>
            The collector does not run, so nothing can come in. Start it with <code>footfall serve</code>.
          </>
        ) : (
          "Take what fits your site. It works as it stands."
        )}
      </p>
      <Ways apps={apps} />
      <div className={css.arrivals}>
        <ArrivalLight snapshot={snapshot} onContinue={onContinue} />
        {arrivals.failures.length > 0 && <FailureList arrivals={arrivals} clock={clock} />}
      </div>
    </section>
  );
}

/** A tab for each way to send, with code for the chosen app. */
function Ways({ apps }: { readonly apps: Apps | null }) {
  const [asked, ask] = useQueryValue("send");
  const [appId, chooseApp] = useQueryValue("app");
  const query = useQuery({
    queryKey: ["snippets", appId, apps?.collector_url],
    queryFn: ({ signal }) => readSnippets(appId, signal),
  });
  if (query.error) return <p role="alert">The code cannot be shown: {failureText(query.error)}</p>;
  if (!query.data) return <p role="status">Loading</p>;
  const { snippets } = query.data;
  const first = snippets[0]?.name ?? "";
  const tab = snippets.find(({ name }) => name === asked)?.name ?? first;
  return (
    <>
      {apps && apps.apps.length > 1 && (
        <label className={css.app}>
          App{" "}
          <select value={appId} onChange={(change) => chooseApp(change.currentTarget.value)}>
            {apps.apps.map(({ app }, place) => (
              <option key={app.app_id} value={place === 0 ? "" : app.app_id}>
                {app.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <Tabs value={tab} onChange={(name) => ask(name === first || name === null ? "" : name)} keepMounted={false}>
        <Tabs.List>
          {snippets.map(({ name, title }) => (
            <Tabs.Tab key={name} value={name}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {snippets.map(({ name, title, about, text }) => (
          <Tabs.Panel key={name} value={name} pt="sm">
            <p className={css.text}>{about}</p>
            <Snippet label={`code: ${title}`} text={text} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
