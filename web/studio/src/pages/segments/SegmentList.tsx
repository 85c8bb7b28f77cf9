import { Button, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import type { ListedSegment } from "../../api/generated";
import { Empty } from "../../components/states/Empty";
import { Failure } from "../../components/states/Failure";
import { Loading } from "../../components/states/Loading";
import { formatExact, formatPercent } from "../../format/format";
import { changeQuery } from "../../router/query";
import { listSegments } from "./api";
import { ImportList } from "./ImportList";
import css from "./Segments.module.css";
import { Spark } from "./Spark";
import { useSized, whenSized } from "./useSizing";

const OVERLAP_MAX = 3;

/** All segments with their size over time; two or three that are chosen are compared. */
export function SegmentList() {
  const query = useQuery({ queryKey: ["segments"], queryFn: ({ signal }) => listSegments(signal), refetchInterval: ({ state }) => whenSized(state.data?.segments) });
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [isImporting, setIsImporting] = useState(false);
  return (
    <>
      <div className={css.head}>
        <h1 className={css.title}>Segments</h1>
        <div className={css.row}>
          <Button variant="default" size="xs" disabled={chosen.length < 2 || chosen.length > OVERLAP_MAX} onClick={() => changeQuery({ overlap: chosen }, "push")}>
            Show overlap
          </Button>
          <Button variant="default" size="xs" onClick={() => setIsImporting(!isImporting)}>
            Import a list
          </Button>
          <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => changeQuery({ edit: "1" }, "push")}>
            New segment
          </Button>
        </div>
      </div>
      {isImporting && <ImportList onDone={() => setIsImporting(false)} />}
      <List query={query} chosen={chosen} onChoose={setChosen} />
    </>
  );
}

type ListProps = {
  readonly query: { readonly data?: { readonly segments: readonly ListedSegment[] } | undefined; readonly error: Error | null; readonly refetch: () => unknown };
  readonly chosen: readonly string[];
  readonly onChoose: (names: readonly string[]) => void;
};

function List({ query, chosen, onChoose }: ListProps) {
  if (query.error) return <Failure title="The segments cannot be shown" error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <Loading slow="The list is still loading.">
        <Skeleton height={120} />
      </Loading>
    );
  }
  if (query.data.segments.length === 0) {
    return (
      <Empty title="No segments yet">
        <p>A segment is a named group of visitors or users: by what they did, had, or by a list. Make one here, or open a number in Explore and save who is behind it.</p>
      </Empty>
    );
  }
  return (
    <ul className={css.list} aria-label="Segments">
      {query.data.segments.map(({ segment, words, sizes }) => (
        <li key={segment.name} className={css.item}>
          <input
            type="checkbox"
            className={css.choose}
            aria-label={`Choose ${segment.title}`}
            checked={chosen.includes(segment.name)}
            onChange={(change) => onChoose(change.currentTarget.checked ? [...chosen, segment.name] : chosen.filter((name) => name !== segment.name))}
          />
          <div>
            <Link className={css.link} href={`/segments?${new URLSearchParams({ name: segment.name }).toString()}`}>
              {segment.title}
            </Link>
            <p className={css.words}>{words}</p>
            {segment.problem && <p className={css.attention}>It could not be refreshed: {segment.problem}</p>}
          </div>
          <div className={css.history}>
            <Spark sizes={sizes} />
          </div>
          <Size segment={segment} sizes={sizes} />
        </li>
      ))}
    </ul>
  );
}

function Size({ segment, sizes }: Pick<ListedSegment, "segment" | "sizes">) {
  const isCounting = useSized().includes(segment.name);
  const last = sizes.at(-1);
  const size = last?.size ?? segment.listed ?? null;
  if (size === null) return <span className={css.size}>{isCounting ? <span className={css.share}>being counted</span> : segment.every === "off" ? "–" : <span className={css.share}>not counted yet</span>}</span>;
  return (
    <span className={css.size}>
      {formatExact(size)}
      {last && last.total > 0 && <span className={css.share}> {formatPercent(last.size, last.total)}</span>}
    </span>
  );
}
