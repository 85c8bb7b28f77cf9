import type { Apps, LiveSnapshot } from "../../../api/generated";
import { Ways } from "../../../components/send/Ways";
import type { Clock } from "../../../format/format";
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
