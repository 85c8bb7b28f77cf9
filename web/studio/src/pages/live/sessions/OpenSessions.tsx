import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { failureText } from "../../../api/client";
import type { ColumnFilter } from "../../../components/filters/filters";
import { Section } from "../../../components/Section";
import { SessionTable } from "../../../components/session/SessionTable";
import { type Clock, formatExact } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { readOpenSessions } from "../api";
import type { Who } from "../narrowing/filters";
import css from "./sessions.module.css";

const ROWS = 20;
const EVERY_MS = 5_000;
const TYPING_MS = 200;

/** Who is here now: where each session began and where it is; a click opens its timeline. */
export function OpenSessions({ who, clock }: { readonly who: Who; readonly clock: Clock }) {
  const [page, setPage] = useQueryValue("at");
  const [typed] = useDebouncedValue(page, TYPING_MS);
  const query = useQuery({
    queryKey: ["open sessions", who, typed],
    queryFn: ({ signal }) => readOpenSessions(who, filtersOf(typed), ROWS, signal),
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
  return (
    <div className={css.panel}>
      <Section
        title="Open sessions"
        aside={
          <TextInput
            size="xs"
            placeholder="Page they are on"
            aria-label="Page they are on"
            leftSection={<IconSearch size={14} aria-hidden />}
            value={page}
            onChange={(change) => setPage(change.currentTarget.value)}
          />
        }
      >
        {query.error ? (
          <p className={css.failure} role="alert">
            The open sessions cannot be shown: {failureText(query.error)}
          </p>
        ) : (
          <>
            <p className={css.note}>{query.data ? noteOf(query.data.sessions.length, query.data.total) : "Loading"}</p>
            {query.data && query.data.sessions.length > 0 && (
              <SessionTable sessions={query.data.sessions} caption="Open sessions" clock={clock} />
            )}
          </>
        )}
      </Section>
    </div>
  );
}

function filtersOf(page: string): readonly ColumnFilter[] {
  return page.trim() ? [{ column: "exit_page", operator: "contains", values: [page.trim()] }] : [];
}

function noteOf(shown: number, total: number): string {
  if (total === 0) return "No session is open.";
  return shown < total ? `The newest ${formatExact(shown)} of ${formatExact(total)}` : `${formatExact(total)} open`;
}
