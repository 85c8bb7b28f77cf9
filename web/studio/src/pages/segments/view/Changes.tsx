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

type Props = { readonly name: string; readonly sizes: readonly SegmentSize[] };

/** Who joined and who left between two refreshes, of those that are kept; the address says which. */
export function Changes({ name, sizes }: Props) {
  const [since] = useQueryValue("since");
  const [until] = useQueryValue("until");
  const last = sizes.at(-1);
  const [from, to] = [momentOf(since), momentOf(until)];
  const query = useQuery({
    // A new refresh is another end.
    queryKey: ["segments", name, "changes", from, to, last?.at ?? 0],
    queryFn: ({ signal }) => changesOf(name, from, to, signal),
    enabled: sizes.length > 1,
    retry: false,
  });
  if (sizes.length < 2) return <p className={css.note}>Who joined and who left is known from the second refresh on.</p>;
  const times = sizes.map(({ at }) => at);
  const shown = query.data ? [query.data.since, query.data.until] : [from ?? times.at(-2) ?? 0, to ?? times.at(-1) ?? 0];
  const [first = 0, second = 0] = shown;
  return (
    <section className={css.stack} aria-label="Who joined and who left">
      <h2 className={css.part}>Who joined and who left</h2>
      <div className={css.two}>
        <Moment label="Since" value={first} times={times.filter((at) => at < second)} onChange={(at) => changeQuery({ since: String(at) }, "push")} />
        <Moment label="Until" value={second} times={times.filter((at) => at > (times[0] ?? 0))} onChange={(at) => changeQuery({ until: String(at), since: at > first ? String(first) : "" }, "push")} />
      </div>
      {query.error ? <p className={css.attention}>{failureText(query.error)}</p> : query.data && <Counts changes={query.data} />}
    </section>
  );
}

function momentOf(text: string): number | null {
  return /^\d{1,18}$/.test(text) ? Number(text) : null;
}

type MomentProps = { readonly label: string; readonly value: number; readonly times: readonly number[]; readonly onChange: (at: number) => void };

/** One of the refreshes, newest first. */
function Moment({ label, value, times, onChange }: MomentProps) {
  const { moment } = clockIn(ZONE);
  const offered = times.includes(value) ? times : [...times, value];
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={String(value)}
      onChange={(change) => onChange(Number(change.currentTarget.value))}
      data={offered.toReversed().map((at) => ({ value: String(at), label: moment(at) }))}
    />
  );
}

function Counts({ changes }: { readonly changes: SegmentChanges }) {
  const [opened, setOpened] = useQueryValue("changes");
  const which = opened === "joined" || opened === "left" ? opened : null;
  return (
    <>
      <p className={css.sentence}>
        {formatExact(changes.size_before)} <Count sign="+" count={changes.joined} label="joined" onOpen={() => setOpened("joined", "push")} />{" "}
        <Count sign="−" count={changes.left} label="left" onOpen={() => setOpened("left", "push")} /> = {formatExact(changes.size_after)}
      </p>
      <SideDrawer isOpen={which !== null} title={which === "left" ? "Who left" : "Who joined"} closing="Close the list" size={560} onClose={() => setOpened("", "push")}>
        {which && <List changes={changes} which={which} />}
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

function List({ changes, which }: { readonly changes: SegmentChanges; readonly which: Which }) {
  const fetch = useCallback<MemberPage>((after, limit, signal) => changedMembers(changes.name, which, changes, after, limit, signal), [changes, which]);
  return <MemberList of={["changes", changes, which]} fetch={fetch} title={`${changes.name} ${which}`} count={changes[which]} />;
}
