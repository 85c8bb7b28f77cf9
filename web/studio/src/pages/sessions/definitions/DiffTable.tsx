import { useQuery } from "@tanstack/react-query";
import type { Difference, Kpis, Sample, SampleSession } from "../../../api/generated";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { type Clock, formatDuration, formatExact, formatPercent, formatRate } from "../../../format/format";
import { changeQuery } from "../../../router/query";
import { readDifference } from "./api";
import css from "./Definitions.module.css";

type Props = { readonly a: string; readonly b: string; readonly clock: Clock };

/** Every number of two definitions side by side, and visitors whose sessions differ. */
export function DiffTable({ a, b, clock }: Props) {
  const query = useQuery({
    queryKey: ["session diff", a, b],
    queryFn: ({ signal }) => readDifference(a, b, signal),
    staleTime: 60_000,
  });
  if (query.error) {
    return <Failure title="They cannot be compared" error={query.error} retry={() => void query.refetch()} level={3} />;
  }
  if (!query.data) return <Loading slow="Still comparing: it looks at all sessions of both." />;
  const found = query.data;
  return (
    <>
      <div className={css.scroll}>
        <table className={css.table}>
          <caption className="visually-hidden">
            {found.name_a} and {found.name_b}
          </caption>
          <thead>
            <tr>
              <th scope="col">All history</th>
              <th scope="col">{found.name_a}</th>
              <th scope="col">{found.name_b}</th>
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            {ROWS.map(({ title, value, format }) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                <td>{shown(value(found.a), format)}</td>
                <td>{shown(value(found.b), format)}</td>
                <td>{changeOf(value(found.a), value(found.b))}</td>
              </tr>
            ))}
            {pagesOf(found).map(([page, before, after]) => (
              <tr key={page}>
                <th scope="row" className={css.page} title={page}>
                  Began at <bdi>{page}</bdi>
                </th>
                <td>{before === null ? "–" : formatExact(before)}</td>
                <td>{after === null ? "–" : formatExact(after)}</td>
                <td>{changeOf(before, after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={css.note}>Bots are left out; open sessions are in.</p>
      <h3 className={css.heading}>
        {found.visitors_differing === 0
          ? "No visitor's sessions differ"
          : `Sessions differ for ${formatExact(found.visitors_differing)} visitors`}
      </h3>
      <ul className={css.samples} aria-label="Visitors whose sessions differ">
        {found.samples.map((sample) => (
          <SampleRow key={`${sample.app_id} ${sample.visitor_id}`} found={found} sample={sample} clock={clock} />
        ))}
      </ul>
    </>
  );
}

type RowProps = { readonly found: Difference; readonly sample: Sample; readonly clock: Clock };

function SampleRow({ found, sample, clock }: RowProps) {
  return (
    <li className={css.sample}>
      <span className={css.who}>
        <bdi>{sample.visitor_id}</bdi>
      </span>
      {(
        [
          [found.name_a, sample.a],
          [found.name_b, sample.b],
        ] as const
      ).map(([name, sessions]) => (
        <div key={name} className={css.side}>
          <button
            type="button"
            className={css.by}
            aria-label={`Timeline of ${sample.visitor_id} by ${name}`}
            onClick={() => changeQuery({ visitor: sample.visitor_id, of: sample.app_id, definition: name }, "push")}
          >
            {name}
          </button>
          <Spans sessions={sessions} clock={clock} />
        </div>
      ))}
    </li>
  );
}

const SPANS_MAX = 12;

function Spans({ sessions, clock }: { readonly sessions: readonly SampleSession[]; readonly clock: Clock }) {
  const left = sessions.length - SPANS_MAX;
  return (
    <span className={css.spans}>
      {sessions.length === 0 && "none"}
      {sessions.slice(0, SPANS_MAX).map((one) => {
        const [from, to] = [Date.parse(one.started_at) * 1000, Date.parse(one.ended_at) * 1000];
        return (
          <span key={one.started_at} className={css.span}>
            {clock.moment(from)} to {clock.second(to)}, {formatExact(one.events)} events
          </span>
        );
      })}
      {left > 0 && <span>and {formatExact(left)} more</span>}
    </span>
  );
}

type Row = {
  readonly title: string;
  readonly value: (kpis: Kpis) => number | null;
  readonly format: (value: number) => string;
};

const percent = (value: number) => formatPercent(value, 1);
const ROWS: readonly Row[] = [
  { title: "Sessions", value: (kpis) => kpis.sessions, format: formatExact },
  { title: "Visitors", value: (kpis) => kpis.visitors, format: formatExact },
  { title: "Events in sessions", value: (kpis) => kpis.events, format: formatExact },
  { title: "Events per session", value: (kpis) => kpis.events_per_session, format: formatRate },
  { title: "Duration, mean", value: (kpis) => inSeconds(kpis.duration_mean_ms), format: formatDuration },
  { title: "Duration, median", value: (kpis) => inSeconds(kpis.duration_median_ms), format: formatDuration },
  { title: "Bounced", value: (kpis) => kpis.bounce_rate, format: percent },
  { title: "Engaged", value: (kpis) => kpis.engaged_rate, format: percent },
];

function inSeconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1000;
}

function shown(value: number | null, format: (value: number) => string): string {
  return value === null ? "–" : format(value);
}

/** 4 → 5 is "+25 %"; nothing where there is nothing to compare with. */
export function changeOf(before: number | null, after: number | null): string {
  if (before === null || after === null || before === 0) return "";
  const share = (after - before) / before;
  const text = formatPercent(Math.abs(share), 1);
  return text === "0 %" ? "0 %" : `${share > 0 ? "+" : "−"}${text}`;
}

/** Each page among the first of either, with how many sessions began there. */
function pagesOf(found: Difference): readonly (readonly [string, number | null, number | null])[] {
  const ours = countsOf(found.a);
  const theirs = countsOf(found.b);
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  return [...names].map((name) => [name, ours.get(name) ?? null, theirs.get(name) ?? null] as const);
}

function countsOf({ entry_pages }: Kpis): ReadonlyMap<string, number> {
  return new Map(entry_pages.map(({ page, sessions }) => [page, sessions]));
}
