import { Skeleton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { read } from "../../api/client";
import type { EventsAnswer, EventsQuestion } from "../../api/generated";
import { exactNumber, shortNumber } from "../../charts/data";
import { useFilters } from "../../components/filters/useColumnFilters";
import { formatNode } from "../../components/filters/filters";
import { Section } from "../../components/Section";
import { Failure } from "../../components/states/Failure";
import { Loading } from "../../components/states/Loading";
import { changeQuery } from "../../router/query";
import { isEventsAnswer } from "../explore/api";
import { groupText } from "../explore/result/groups";
import { type Opening, openingOf } from "../explore/result/sheet";
import { type List, listQuestion, type PanelInfo, type Scene } from "./metrics";
import css from "./OverviewPage.module.css";

/** Opens a number of a list's answer, whose segments were of a moment. */
export type Opener = (panel: string, at: string | null | undefined) => (opening: Opening) => void;
type Props = { readonly info: PanelInfo; readonly scene: Scene; readonly onOpen: Opener };

/** Values with most first; one is chosen to filter the page, its number opens. */
export function ListPanel({ info, scene, onOpen }: Props) {
  const [shown, setShown] = useState(info.lists[0]);
  if (!shown) return null;
  return (
    <Section
      title={info.title}
      aside={
        info.lists.length > 1 && (
          <span className={css.tabs} role="group" aria-label={`${info.title} by`}>
            {info.lists.map((list) => (
              <button key={list.id} type="button" className={css.tab} aria-pressed={list === shown} onClick={() => setShown(list)}>
                {list.label}
              </button>
            ))}
          </span>
        )
      }
    >
      <Rows list={shown} question={listQuestion(shown, scene)} onOpen={(at) => onOpen(shown.id, at)} />
      <button type="button" className={css.more} aria-label={`Details of ${info.title}, ${shown.label}`} onClick={() => changeQuery({ details: shown.id, search: "" }, "push")}>
        Details
      </button>
    </Section>
  );
}

type RowsProps = {
  readonly list: List;
  readonly question: EventsQuestion;
  /** Opens a number of an answer whose segments were of a moment. */
  readonly onOpen: (at: string | null | undefined) => (opening: Opening) => void;
};

/** The rows of a list, in whichever state they are. */
export function Rows({ list, question, onOpen }: RowsProps) {
  const query = useQuery({
    queryKey: ["overview", question],
    queryFn: async ({ signal }) => ({ answer: await read("/api/explore/events", isEventsAnswer, { signal, body: question }), list }),
    placeholderData: (before) => (before?.list === list ? keepPreviousData(before) : undefined),
  });
  if (query.error) return <Failure title="This list cannot be shown" error={query.error} retry={() => void query.refetch()} level={3} />;
  if (!query.data) {
    return (
      <Loading slow="Still counting.">
        <Skeleton height={200} />
      </Loading>
    );
  }
  return <Listed answer={query.data.answer} list={list} onOpen={onOpen(query.data.answer.segments_at)} />;
}

function Listed({ answer, list, onOpen }: { readonly answer: EventsAnswer; readonly list: List; readonly onOpen: (opening: Opening) => void }) {
  const [filters] = useFilters();
  const rows = answer.rows
    .filter(({ bucket, scope, value }) => bucket === null && scope !== "all" && value)
    .toSorted((left, right) => Number(left.scope === "rest") - Number(right.scope === "rest") || (right.value ?? 0) - (left.value ?? 0));
  const most = Math.max(1, ...rows.map(({ value }) => value ?? 0));
  if (rows.every(({ scope, group }) => scope === "group" && group[0] === null)) return <p className={css.note}>No event of this range has one.</p>;
  const narrow = (value: string | null) => {
    const added = value === null ? { column: list.field, operator: "is_not_set" as const, values: [] } : { column: list.field, operator: "is" as const, values: [value] };
    const kept = filters.filter((one) => formatNode(one) !== formatNode(added)).map(formatNode);
    changeQuery({ f: [...kept, formatNode(added)], details: "", search: "" }, "push");
  };
  return (
    <ol className={css.list}>
      {rows.map((row) => {
        const opening = openingOf(row, answer.by, "", list.series.measure);
        const name = groupText(row);
        return (
          <li key={`${row.scope} ${name}`} className={css.row}>
            <span className={css.fill} style={{ width: `${((row.value ?? 0) / most) * 100}%` }} aria-hidden />
            {row.scope === "group" ? (
              <button type="button" className={css.name} title={`Only ${name}`} onClick={() => narrow(row.group[0] ?? null)}>
                <bdi>{name}</bdi>
              </button>
            ) : (
              <span className={css.name}>{name}</span>
            )}
            <button type="button" className={css.open} title={exactNumber(row.value)} aria-label={`${name}: ${exactNumber(row.value)}, show who`} onClick={() => opening && onOpen({ ...opening, title: name })}>
              {shortNumber(row.value)}
            </button>
          </li>
        );
      })}
    </ol>
  );
}
