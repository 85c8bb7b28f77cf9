import { Button, Skeleton } from "@mantine/core";
import { IconFileTypeCsv } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { Members } from "../../../api/generated";
import { exactNumber } from "../../../charts/data";
import { LongText } from "../../../components/LongText";
import { SideDrawer } from "../../../components/SideDrawer";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { formatExact } from "../../../format/format";
import { saveCsv } from "../../dashboards/tile/exports";
import { SaveSegment } from "../../segments/SaveSegment";
import { membersOf } from "../api";
import type { Opening } from "../result/sheet";
import type { Asked } from "../state/question";
import css from "./MembersDrawer.module.css";

const PAGE = 200;
const ALL = 100_000;

type Props = { readonly asked: Asked; readonly opening: Opening | null; readonly onClose: () => void };

/** Exactly those that a number counted. */
export function MembersDrawer({ asked, opening, onClose }: Props) {
  return (
    <SideDrawer isOpen={opening !== null} title={opening?.title ?? "Members"} closing="Close the list" size={560} onClose={onClose}>
      {opening && <List key={opening.cell} asked={asked} opening={opening} />}
    </SideDrawer>
  );
}

const KINDS = {
  visitor: ["visitor", "visitors"],
  user: ["user", "users"],
  session: ["session", "sessions"],
  event: ["event", "events"],
  value: ["value", "values"],
} as const;

function List({ asked, opening }: Omit<Props, "onClose" | "opening"> & { readonly opening: Opening }) {
  const query = useInfiniteQuery({
    queryKey: ["members", asked, opening.cell],
    queryFn: ({ pageParam, signal }) => membersOf(asked, opening.cell, pageParam || null, PAGE, signal),
    initialPageParam: "",
    getNextPageParam: ({ next }: Members) => next,
    staleTime: Infinity,
    retry: false,
  });
  if (query.error) return <Failure title="They cannot be listed" error={query.error} retry={() => void query.refetch()} level={3} />;
  const pages = query.data?.pages ?? [];
  const [first] = pages;
  if (!first) {
    return (
      <Loading slow="Still looking for them.">
        <Skeleton height={240} />
      </Loading>
    );
  }
  const members = pages.flatMap((page) => page.members);
  const [one, many] = KINDS[first.kind];
  const total = query.hasNextPage ? opening.count : members.length;
  const isOther = !query.hasNextPage && opening.count !== null && opening.count !== members.length;
  return (
    <div className={css.list}>
      <div className={css.bar}>
        <p className={css.count} role="status">
          <strong className="number">{total === null ? `More than ${formatExact(members.length)}` : formatExact(total)}</strong> {total === 1 ? one : many}
          {query.hasNextPage && `, the first ${formatExact(members.length)} are shown`}
        </p>
        <Button variant="default" size="xs" leftSection={<IconFileTypeCsv size={14} aria-hidden />} onClick={() => void saveAll(asked, opening)}>
          CSV
        </Button>
      </div>
      {first.kind !== "value" && <SaveSegment asked={asked} opening={opening} kind={first.kind} />}
      {isOther && <p className={css.attention}>The number said {exactNumber(opening.count)}; events came since it was counted.</p>}
      <ul className={css.members} aria-label={many}>
        {members.map((member, place) => (
          // A value may be there twice.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={place} className={css.member}>
            <Name kind={first.kind} id={member.id} />
            {member.at && <time className={css.more}>{member.at.slice(0, 19).replace("T", " ")}</time>}
            {typeof member.value === "number" && <span className={css.more}>{exactNumber(member.value)}</span>}
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      )}
    </div>
  );
}

function Name({ kind, id }: { readonly kind: Members["kind"]; readonly id: string | null }) {
  if (id === null) return <>(none)</>;
  if (kind === "session") return <a href={`/sessions?session=${encodeURIComponent(id)}`}>{id}</a>;
  if (kind === "visitor") {
    // With its app before it, where the question is of all apps.
    const own = id.slice(id.indexOf("/") + 1);
    return <a href={`/sessions?last=90d&who=all&f=${encodeURIComponent(`visitor_id:is:${own}`)}`}>{id}</a>;
  }
  return <LongText text={id} />;
}

/** All of them, page after page, as a file. */
async function saveAll(asked: Asked, opening: Opening): Promise<void> {
  const rows: (readonly [string | null, string | null, number | null])[] = [];
  let after: string | null = null;
  do {
    // One page after another: each begins where the one before ends.
    // oxlint-disable-next-line no-await-in-loop
    const page: Members = await membersOf(asked, opening.cell, after, ALL);
    for (const { id, at, value } of page.members) rows.push([id, at ?? null, value ?? null]);
    after = page.next;
  } while (after !== null);
  const columns = ["id", "at", "value"].map((name) => ({ name, type: "VARCHAR", meaning: "" }));
  saveCsv(opening.title, { columns, rows });
}
