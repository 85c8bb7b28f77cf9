import { Button, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { Link } from "wouter";
import { failureText } from "../../../api/client";
import type { SegmentShown, SegmentSize } from "../../../api/generated";
import { Chart } from "../../../charts/Chart";
import type { ChartData } from "../../../charts/data";
import { cartesian } from "../../../charts/draw/cartesian";
import type { Size } from "../../../charts/draw/fit";
import type { Palette } from "../../../charts/palette";
import { MemberList, type MemberPage } from "../../../components/members/MemberList";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { formatExact, formatPercent } from "../../../format/format";
import { changeQuery } from "../../../router/query";
import { When } from "../../dashboards/When";
import { dropSegment, readSegment, segmentMembers } from "../api";
import css from "../Segments.module.css";
import { useSized, useSizing, whenSized } from "../useSizing";
import { Changes } from "./Changes";

/** One segment: what it means, how large it was and is, who is in it. */
export function SegmentView({ name }: { readonly name: string }) {
  const query = useQuery({ queryKey: ["segments", name], queryFn: ({ signal }) => readSegment(name, signal), refetchInterval: ({ state }) => whenSized(state.data && [state.data]) });
  if (query.error) return <Failure title="The segment cannot be shown" error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <Loading slow="The segment is still loading.">
        <Skeleton height={160} />
      </Loading>
    );
  }
  return <Shown found={query.data} />;
}

function Shown({ found }: { readonly found: SegmentShown }) {
  const { segment, words, sizes } = found;
  const last = sizes.at(-1);
  const again = useSizing();
  const isCounting = useSized().includes(segment.name);
  const fetch = useCallback<MemberPage>((after, limit, signal) => segmentMembers(segment.name, after, limit, signal), [segment.name]);
  const address = `/api/segments/${encodeURIComponent(segment.name)}/export`;
  return (
    <>
      <div className={css.head}>
        <h1 className={css.title}>{segment.title}</h1>
        <div className={css.row}>
          {segment.definition.rule && (
            <Button size="xs" variant="default" onClick={() => changeQuery({ edit: "1" }, "push")}>
              Change
            </Button>
          )}
          <Button size="xs" variant="default" loading={isCounting} onClick={() => again.mutate(segment.name)}>
            Refresh now
          </Button>
          <Drop name={segment.name} />
        </div>
      </div>
      <p className={css.sentence}>{words}</p>
      {again.error && (
        <p className={css.failed} role="alert">
          {failureText(again.error)}
        </p>
      )}
      {segment.problem && <p className={css.attention}>It could not be refreshed: {segment.problem}</p>}
      <div className={css.columns}>
        <section className={css.stack} aria-label="Size">
          <h2 className={css.part}>Size</h2>
          {last ? (
            <>
              <p className={css.big}>
                {formatExact(last.size)} <span className={css.share}>{last.total > 0 && `${formatPercent(last.size, last.total)} of ${formatExact(last.total)}`}</span>
              </p>
              <p className={css.note}>
                As of <When us={last.at} />, {EVERY[segment.every]}
                {last.version !== segment.version && ", before its rule was changed"}
              </p>
            </>
          ) : (
            <p className={css.note} role="status">
              {isCounting ? "It is being counted." : `Its size was not noted yet. Refresh it, or wait: ${EVERY[segment.every]}.`}
            </p>
          )}
          {sizes.length > 1 && <Sizes sizes={sizes} />}
          <Changes name={segment.name} app={segment.definition.app ?? ""} sizes={sizes} />
          <Versions found={found} />
        </section>
        <section className={css.stack} aria-label="Members">
          <div className={css.row}>
            <h2 className={css.part}>Who is in it now</h2>
            <span className={css.note}>
              <a href={address}>CSV</a> · <a href={`${address}?form=json`}>JSON</a> · <a href={`${address}?form=parquet`}>Parquet</a>
            </span>
          </div>
          <MemberList of={["segment", segment.name, segment.version, last?.at ?? 0]} fetch={fetch} app={segment.definition.app ?? ""} />
        </section>
      </div>
    </>
  );
}

const EVERY = { hour: "noted each hour", day: "noted each day", week: "noted each week", off: "noted when you refresh it" } as const;

const COLUMNS: ChartData["columns"] = [
  { name: "time", type: "TIMESTAMP" },
  { name: "size", type: "BIGINT" },
];

function Sizes({ sizes }: { readonly sizes: readonly SegmentSize[] }) {
  const data = useMemo<ChartData>(
    () => ({ columns: COLUMNS, rows: sizes.map(({ at, size }) => [new Date(at / 1000).toISOString().slice(0, 19), size]), roles: { x: "time", y: ["size"] } }),
    [sizes],
  );
  const option = useCallback((palette: Palette, size: Size) => cartesian("line", data, palette, size), [data]);
  return <Chart height={200} summary={`Size over time, noted ${sizes.length} times`} option={option} />;
}

function Versions({ found }: { readonly found: SegmentShown }) {
  const { segment, versions } = found;
  return (
    <p className={css.note}>
      Version {segment.version}, made <When us={segment.made_at} />
      {segment.made_of && `, of ${segment.made_of.slice(0, 80)}`}
      {versions.length > 1 && `; ${versions.length - 1} earlier ${versions.length === 2 ? "one is" : "ones are"} kept`}. Use it in{" "}
      <Link href={exploreWith(segment.name)}>Explore</Link>.
    </p>
  );
}

/** Explore, with the segment as a filter. */
function exploreWith(name: string): string {
  const question = { series: [{ measure: "visitors" }], where: { field: "segment", op: "is", value: name } };
  return `/explore?${new URLSearchParams({ model: "events", q: JSON.stringify(question) }).toString()}`;
}

/** Two steps: nothing brings its history back. */
function Drop({ name }: { readonly name: string }) {
  const client = useQueryClient();
  const [isAsked, setIsAsked] = useState(false);
  const dropping = useMutation({
    mutationFn: () => dropSegment(name),
    onSuccess: async () => {
      changeQuery({ name: "" }, "push");
      // Nothing of the one that is gone is asked again.
      await client.invalidateQueries({ queryKey: ["segments"], exact: true });
    },
  });
  if (dropping.error) {
    return (
      <p className={css.failed} role="alert">
        {failureText(dropping.error)}
      </p>
    );
  }
  if (!isAsked) {
    return (
      <Button variant="subtle" color="gray" size="xs" onClick={() => setIsAsked(true)}>
        Remove
      </Button>
    );
  }
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setIsAsked(false)}>
        Keep
      </Button>
      <Button color="red" size="xs" onClick={() => dropping.mutate()}>
        Remove for ever
      </Button>
    </>
  );
}
