import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ContinuousQuery, ContinuousResults } from "../../../api/generated";
import { Empty } from "../../../components/states/Empty";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { Section } from "../../../components/Section";
import type { Clock } from "../../../format/format";
import { formatExact } from "../../../format/format";
import { readQueries, readResults } from "./api";
import css from "./ContinuousPanel.module.css";
import { linesOf, numericColumns } from "./lines";
import { QueryChart } from "./QueryChart";

/** Results come with windows; nothing polls faster. */
const INTERVAL_MS = 5_000;
const WINDOWS = 60;
const SHOWN_MAX = 12;
const CHARTS_MAX = 3;

type Props = { readonly clock: Clock };

/** What continuous queries answered lately; nothing at all where there is none. */
export function ContinuousPanel({ clock }: Props) {
  const query = useQuery({
    queryKey: ["continuous"],
    queryFn: ({ signal }) => readQueries(signal),
    refetchInterval: INTERVAL_MS,
    staleTime: INTERVAL_MS,
  });
  const queries = query.data?.queries ?? [];
  if (queries.length === 0) return null;
  return (
    <div className={css.panel}>
      <Section title="Continuous queries">
        <div className={css.grid}>
          {queries.slice(0, SHOWN_MAX).map((one) => (
            <QueryPanel key={one.name} query={one} clock={clock} />
          ))}
        </div>
        {queries.length > SHOWN_MAX && (
          <p className={css.note}>
            {formatExact(queries.length - SHOWN_MAX)} more: <code>footfall continuous list</code>
          </p>
        )}
        <p className={css.zone}>Times in {clock.zone}</p>
      </Section>
    </div>
  );
}

function QueryPanel({ query, clock }: Props & { readonly query: ContinuousQuery }) {
  return (
    <section className={css.query} aria-label={query.name}>
      <div className={css.head}>
        <h3 className={css.title}>{query.name}</h3>
        <span className={css.muted}>{windowText(query)}</span>
      </div>
      <Trouble query={query} />
      <Results query={query} clock={clock} />
    </section>
  );
}

/** What a person must know of how it gets on. */
function Trouble({ query: { definition, status } }: { readonly query: ContinuousQuery }) {
  const leftOut = status?.left_out ?? 0;
  const cutOff = status?.cut_off ?? 0;
  return (
    <>
      {definition.enabled === false && <p className={css.note}>Paused: it is not asked.</p>}
      {status?.error && (
        <p className={css.failure} role="alert">
          Failed, and is tried again: {status.error}
        </p>
      )}
      {leftOut > 0 && <p className={css.attention}>{formatExact(leftOut)} windows were left out: too many waited.</p>}
      {cutOff > 0 && <p className={css.attention}>{formatExact(cutOff)} results had more rows than are kept.</p>}
    </>
  );
}

function Results({ query, clock }: Props & { readonly query: ContinuousQuery }) {
  const found = useQuery({
    queryKey: ["continuous", query.name, query.version, query.status?.ran_at ?? 0],
    queryFn: ({ signal }) => readResults(query.name, WINDOWS, signal),
    placeholderData: keepPreviousData,
    staleTime: INTERVAL_MS,
    refetchInterval: INTERVAL_MS,
  });
  if (found.data) return <Charts results={found.data} clock={clock} />;
  if (found.error) {
    return <Failure title="The results cannot be shown" error={found.error} retry={() => void found.refetch()} level={3} />;
  }
  return <Loading slow="Still reading the results." />;
}

function Charts({ results, clock }: Props & { readonly results: ContinuousResults }) {
  const columns = useMemo(() => numericColumns(results).slice(0, CHARTS_MAX), [results]);
  if (results.results.length === 0) {
    if (results.query.status?.error) return null; // why is said above
    return (
      <Empty title="No window is over yet" level={3}>
        <p>The first result comes when events are committed and the watermark has passed the end of their window.</p>
      </Empty>
    );
  }
  if (columns.length === 0) {
    return <p className={css.note}>Its answers have no number to draw; see the view continuous_{results.query.name}.</p>;
  }
  return columns.map((column) => <Column key={column} column={column} results={results} clock={clock} />);
}

function Column({ column, results, clock }: Props & { readonly column: string; readonly results: ContinuousResults }) {
  const lines = useMemo(() => linesOf(results, column), [results, column]);
  const newest = lines[0]?.points.at(-1)?.[1];
  return (
    <div>
      <p className={css.column}>
        <span className={css.muted}>{column}</span>{" "}
        <span className={css.newest}>{newest === null || newest === undefined ? "–" : formatExact(newest)}</span>
        {lines.length > 1 && <span className={css.muted}> {lines[0]?.key}</span>}
      </p>
      <QueryChart
        name={results.query.name}
        column={column}
        lines={lines}
        clock={clock}
        isDotted={results.query.definition.window.startsWith("session ")}
      />
    </div>
  );
}

function windowText({ definition }: ContinuousQuery): string {
  if (definition.window.startsWith("session ")) return `each closed ${definition.window}`;
  const [size, step] = definition.window.split(" by ");
  return step ? `${size} every ${step}` : `each ${size}`;
}
