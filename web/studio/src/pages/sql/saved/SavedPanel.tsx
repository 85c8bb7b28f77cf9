import { Skeleton } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { SavedQuery } from "../../../api/generated";
import { Section } from "../../../components/Section";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import css from "./SavedPanel.module.css";
import type { QueriesShown } from "./useQueries";

type Props = {
  readonly shown: QueriesShown;
  readonly onPick: (query: SavedQuery) => void;
  readonly onRemove: (query: SavedQuery) => void;
};

/** Queries under a name, of everybody in the project; a click opens one. */
export function SavedPanel({ shown, onPick, onRemove }: Props) {
  return (
    <Section title="Saved queries">
      {shown.kind === "loading" && (
        <Loading slow="Still reading the saved queries.">
          <Skeleton height={20} />
        </Loading>
      )}
      {shown.kind === "failed" && <Failure title="The queries cannot be listed" error={shown.error} retry={shown.retry} level={3} />}
      {shown.kind === "queries" && shown.queries.length === 0 && (
        <p className={css.none}>Save a statement under a name, and everybody in the project finds it here.</p>
      )}
      {shown.kind === "queries" && shown.queries.length > 0 && (
        <ul className={css.list} aria-label="Saved queries">
          {shown.queries.map((query) => (
            <li key={query.name} className={css.row}>
              <button type="button" className={css.query} title={query.sql} onClick={() => onPick(query)}>
                <span className={css.name}>{query.name}</span>
                {query.parameters.length > 0 && (
                  <span className={css.note}>{query.parameters.map(({ name }) => `:${name}`).join(" ")}</span>
                )}
                {query.description !== undefined && query.description !== "" && (
                  <span className={css.note}>{query.description}</span>
                )}
              </button>
              <button type="button" className={css.remove} aria-label={`Remove the query ${query.name}`} onClick={() => onRemove(query)}>
                <IconTrash size={14} aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
