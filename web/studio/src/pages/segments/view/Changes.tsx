import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { failureText } from "../../../api/client";
import type { SegmentChanges, SegmentSize } from "../../../api/generated";
import { MemberList, type MemberPage } from "../../../components/members/MemberList";
import { SideDrawer } from "../../../components/SideDrawer";
import { clockIn, formatExact } from "../../../format/format";
import { changeQuery, useQueryValue } from "../../../router/query";
import { changedMembers, changesOf, type Which } from "../api";
import css from "../Segments.module.css";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

type Props = { readonly name: string; readonly app: string; readonly sizes: readonly SegmentSize[] };

/** Who joined and who left between two refreshes, of those that are kept; the address says which. */
export function Changes({ name, app, sizes }: Props) {
  const [since] = useQueryValue("since");
  const [until] = useQueryValue("until");
  const times = sizes.map(({ at }) => at);
  const second = momentOf(until, times) ?? times.at(-1) ?? 0;
  const first = momentOf(since, times.filter((at) => at < second)) ?? times.findLast((at) => at < second) ?? 0;
  // A refresh that is known to have no list to compare with is not asked about.
  const isKept = sizes.every(({ at, joined }) => at <= first || at > second || typeof joined === "number");
  const query = useQuery({
    queryKey: ["segments", name, "changes", first, second],
    queryFn: ({ signal }) => changesOf(name, first, second, signal),
    enabled: sizes.length > 1 && isKept,
    retry: false,
  });
  if (sizes.length < 2) return <p className={css.note}>Who joined and who left is known from the second refresh on.</p>;
  return (
    <section className={css.stack} aria-label="Who joined and who left">
      <h2 className={css.part}>Who joined and who left</h2>
      <div className={css.two}>
        <Moment label="Since" value={first} times={times.filter((at) => at < second)} onChange={(at) => changeQuery({ since: String(at) }, "push")} />
        <Moment label="Until" value={second} times={times.slice(1)} onChange={(at) => changeQuery({ until: String(at), since: first < at ? String(first) : "" }, "push")} />
      </div>
      {!isKept && <p className={css.note}>Who was in it was not kept in between: it had more than 100,000, or was of other people. Choose later refreshes.</p>}
      {isKept && query.error && <p className={css.attention}>{failureText(query.error)}</p>}
      {isKept && query.data && <Counts changes={query.data} app={app} />}
    </section>
  );
}

/** One of the refreshes, as the address names it. */
function momentOf(text: string, times: readonly number[]): number | null {
  return times.find((at) => String(at) === text) ?? null;
}

type MomentProps = { readonly label: string; readonly value: number; readonly times: readonly number[]; readonly onChange: (at: number) => void };

/** The refreshes, newest first. */
function Moment({ label, value, times, onChange }: MomentProps) {
  const { moment } = clockIn(ZONE);
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={String(value)}
      onChange={(change) => onChange(Number(change.currentTarget.value))}
      data={times.toReversed().map((at) => ({ value: String(at), label: moment(at) }))}
    />
  );
}

function Counts({ changes, app }: { readonly changes: SegmentChanges; readonly app: string }) {
  const [opened, setOpened] = useQueryValue("changes");
  const which = opened === "joined" || opened === "left" ? opened : null;
  return (
    <>
      <p className={css.sentence}>
        {formatExact(changes.size_before)} <Count sign="+" count={changes.joined} label="joined" onOpen={() => setOpened("joined", "push")} />{" "}
        <Count sign="−" count={changes.left} label="left" onOpen={() => setOpened("left", "push")} /> = {formatExact(changes.size_after)}
      </p>
      <SideDrawer isOpen={which !== null} title={which === "left" ? "Who left" : "Who joined"} closing="Close the list" size={560} onClose={() => setOpened("", "push")}>
        {which && <List changes={changes} app={app} which={which} />}
      </SideDrawer>
    </>
  );
}

type CountProps = { readonly sign: string; readonly count: number; readonly label: string; readonly onOpen: () => void };

function Count({ sign, count, label, onOpen }: CountProps) {
  const words = `${formatExact(count)} ${label}`;
  return (
    <>
      {sign}{" "}
      {count === 0 ? (
        words
      ) : (
        <button type="button" className={css.open} onClick={onOpen}>
          {words}
        </button>
      )}
    </>
  );
}

function List({ changes, app, which }: { readonly changes: SegmentChanges; readonly app: string; readonly which: Which }) {
  const fetch = useCallback<MemberPage>((after, limit, signal) => changedMembers(changes.name, which, changes, after, limit, signal), [changes, which]);
  return <MemberList of={["changes", changes, which]} fetch={fetch} app={app} title={`${changes.name} ${which}`} count={changes[which]} />;
}
