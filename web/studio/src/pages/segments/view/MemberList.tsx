import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import type { Members } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { formatExact } from "../../../format/format";
import css from "../Segments.module.css";

const PAGE = 100;

type Props = {
  /** What the list is of, for the cache. */
  readonly of: readonly unknown[];
  readonly fetch: (after: string | null, limit: number, signal: AbortSignal) => Promise<Members>;
};

/** Who is in a segment or a region, page by page; each leads to their sessions. */
export function MemberList({ of, fetch }: Props) {
  const query = useInfiniteQuery({
    queryKey: ["segment-members", ...of],
    queryFn: ({ pageParam, signal }) => fetch(pageParam || null, PAGE, signal),
    initialPageParam: "",
    getNextPageParam: ({ next }: Members) => next,
    retry: false,
  });
  if (query.error) return <Failure title="They cannot be listed" error={query.error} retry={() => void query.refetch()} level={3} />;
  const pages = query.data?.pages ?? [];
  const [first] = pages;
  if (!first) {
    return (
      <Loading slow="Still looking for them.">
        <Skeleton height={160} />
      </Loading>
    );
  }
  const members = pages.flatMap((page) => page.members);
  const many = `${first.kind}s`;
  return (
    <div className={css.stack}>
      <p className={css.note} role="status">
        {query.hasNextPage ? `The first ${formatExact(members.length)} ${many}` : `${formatExact(members.length)} ${members.length === 1 ? first.kind : many}`}
      </p>
      <ul className={css.members} aria-label={`Its ${many}`}>
        {members.map(({ id }) => (
          <li key={id} className={css.member}>
            {first.kind === "visitor" && id !== null ? <a href={sessionsOf(id)}>{id}</a> : <LongText text={id ?? "(none)"} />}
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

/** All sessions of a visitor, with their timelines. */
function sessionsOf(id: string): string {
  const own = id.slice(id.indexOf("/") + 1);
  return `/sessions?last=90d&who=all&f=${encodeURIComponent(`visitor_id:is:${own}`)}`;
}
