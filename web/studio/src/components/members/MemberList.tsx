import { Button, Skeleton } from "@mantine/core";
import { IconFileTypeCsv } from "@tabler/icons-react";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { failureText } from "../../api/client";
import type { Members } from "../../api/generated";
import { exactNumber } from "../../charts/data";
import { saveCsv } from "../../format/files";
import { formatExact } from "../../format/format";
import { LongText } from "../LongText";
import { Failure } from "../states/Failure";
import { Loading } from "../states/Loading";
import css from "./MemberList.module.css";

const PAGE = 200;
const ALL = 100_000;

/** One page of a list, from the one before. */
export type MemberPage = (after: string | null, limit: number, signal?: AbortSignal) => Promise<Members>;

type Props = {
  /** What the list is of, for the cache. */
  readonly of: readonly unknown[];
  readonly fetch: MemberPage;
  /** Whose visitors they are; without it an id has its app before it. */
  readonly app?: string;
  /** Name of the file; without it they are no file. */
  readonly title?: string;
  /** What the number said that was opened; null or left out: nothing. */
  readonly count?: number | null;
  /** What else can be done with them. */
  readonly children?: (kind: Members["kind"]) => ReactNode;
};

const KINDS = {
  visitor: ["visitor", "visitors"],
  user: ["user", "users"],
  session: ["session", "sessions"],
  event: ["event", "events"],
  value: ["value", "values"],
} as const;

/** Exactly those behind a number, page by page and as a file; visitors and sessions lead on. */
export function MemberList({ of, fetch, app = "", title, count = null, children }: Props) {
  const query = useInfiniteQuery({
    queryKey: ["members", ...of],
    queryFn: ({ pageParam, signal }) => fetch(pageParam || null, PAGE, signal),
    initialPageParam: "",
    getNextPageParam: ({ next }: Members) => next,
    staleTime: Infinity,
    retry: false,
  });
  const saving = useMutation({ mutationFn: (name: string) => saveAll(fetch, name) });
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
  const total = query.hasNextPage ? count : members.length;
  const isOther = !query.hasNextPage && count !== null && count !== members.length;
  return (
    <div className={css.list}>
      <div className={css.bar}>
        <p className={css.count} role="status">
          <strong className="number">{total === null ? `More than ${formatExact(members.length)}` : formatExact(total)}</strong> {total === 1 ? one : many}
          {query.hasNextPage && `, the first ${formatExact(members.length)} are shown`}
        </p>
        {title && (
          <Button variant="default" size="xs" leftSection={<IconFileTypeCsv size={14} aria-hidden />} loading={saving.isPending} onClick={() => saving.mutate(title)}>
            CSV
          </Button>
        )}
      </div>
      {saving.error && (
        <p className={css.failed} role="alert">
          {failureText(saving.error)}
        </p>
      )}
      {children?.(first.kind)}
      {isOther && <p className={css.attention}>The number said {exactNumber(count)}; events came since it was counted.</p>}
      <ul className={css.members} aria-label={many}>
        {members.map((member, place) => (
          // A value may be there twice.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={place} className={css.member}>
            <Name kind={first.kind} id={member.id} app={app} />
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

function Name({ kind, id, app }: { readonly kind: Members["kind"]; readonly id: string | null; readonly app: string }) {
  if (id === null) return <>(none)</>;
  if (kind === "session") return <a href={`/sessions?session=${encodeURIComponent(id)}`}>{id}</a>;
  if (kind === "visitor") return <a href={visitorAddress(id, app)}>{id}</a>;
  return <LongText text={id} />;
}

/** The sessions of a visitor, with the visitor open: all that it did. */
export function visitorAddress(id: string, app: string): string {
  const cut = app ? -1 : id.indexOf("/");
  const [of, visitor] = [app || id.slice(0, Math.max(cut, 0)), id.slice(cut + 1)];
  const query = { last: "90d", who: "all", f: `visitor_id:is:${visitor}`, ...(of ? { of, visitor } : {}) };
  return `/sessions?${new URLSearchParams(query).toString()}`;
}

/** All of them, page after page, as a file. */
async function saveAll(fetch: MemberPage, title: string): Promise<void> {
  const rows: (readonly [string | null, string | null, number | null])[] = [];
  let after: string | null = null;
  do {
    // One page after another: each begins where the one before ends.
    // oxlint-disable-next-line no-await-in-loop
    const page: Members = await fetch(after, ALL);
    for (const { id, at, value } of page.members) rows.push([id, at ?? null, value ?? null]);
    after = page.next;
  } while (after !== null);
  const columns = ["id", "at", "value"].map((name) => ({ name, type: "VARCHAR", meaning: "" }));
  saveCsv(title, { columns, rows });
}
