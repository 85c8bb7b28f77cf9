import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { failureText } from "../../../api/client";
import type { Firing } from "../../../api/generated";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { Section } from "../../../components/Section";
import type { Clock } from "../../../format/format";
import { acknowledge, readHistory } from "../api";
import css from "./HistoryList.module.css";

const FRESH_MS = 5_000;

type Props = {
  /** Only of this rule; "": of all. */
  readonly rule: string;
  readonly clock: Clock;
  readonly onAll: () => void;
};

/** What fired, newest first, who was told, and who has seen it. */
export function HistoryList({ rule, clock, onAll }: Props) {
  const client = useQueryClient();
  const query = useInfiniteQuery({
    queryKey: ["alerts", "history", rule],
    queryFn: ({ pageParam, signal }) => readHistory(rule, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: FRESH_MS,
  });
  const seen = useMutation({
    mutationFn: acknowledge,
    onSuccess: () => client.invalidateQueries({ queryKey: ["alerts", "history"] }),
  });
  const firings = query.data?.pages.flatMap((page) => page.firings) ?? [];
  const unseen = firings.filter((one) => !one.acknowledged_at).map((one) => one.delivery_id);
  return (
    <Section
      title={rule === "" ? "History" : `History of ${rule}`}
      aside={
        <div className={css.acts}>
          {rule !== "" && (
            <Button size="compact-xs" variant="default" onClick={onAll}>
              Of all rules
            </Button>
          )}
          {unseen.length > 0 && (
            <Button size="compact-xs" variant="default" loading={seen.isPending} onClick={() => seen.mutate(unseen)}>
              Acknowledge all shown
            </Button>
          )}
        </div>
      }
    >
      {seen.error && (
        <p className={css.problem} role="alert">
          {failureText(seen.error)}
        </p>
      )}
      {!query.data &&
        (query.error ? (
          <Failure title="The history cannot be shown" error={query.error} retry={() => void query.refetch()} level={3} />
        ) : (
          <Loading slow="Still reading the history.">
            <Skeleton height={120} />
          </Loading>
        ))}
      {query.data && firings.length === 0 && <p className={css.empty}>Nothing fired yet. A test shows when a rule would have.</p>}
      {firings.length > 0 && (
        <div className={css.wide}>
          <table className={css.table} aria-label="History">
            <thead>
              <tr>
                <th scope="col">Fired ({clock.zone})</th>
                <th scope="col">Rule</th>
                <th scope="col">What</th>
                <th scope="col">Told</th>
                <th scope="col">Seen</th>
              </tr>
            </thead>
            <tbody>
              {firings.map((one) => (
                <tr key={one.delivery_id} data-state={one.state}>
                  <td className="number">{clock.full(one.at).slice(0, -4)}</td>
                  <td className={css.name}>{one.rule}</td>
                  <td>
                    {typeof one.details.session_id === "string" ? (
                      <a href={`/sessions?session=${encodeURIComponent(one.details.session_id)}`}>{whatOf(one)}</a>
                    ) : (
                      whatOf(one)
                    )}
                    {one.state === "withdrawn" && <span className={css.note}>withdrawn: late events made it untrue</span>}
                  </td>
                  <td>{toldOf(one)}</td>
                  <td>
                    {one.acknowledged_at ? (
                      one.acknowledged_by
                    ) : (
                      <Button size="compact-xs" variant="default" onClick={() => seen.mutate([one.delivery_id])}>
                        Acknowledge
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {query.hasNextPage && (
        <Button size="xs" variant="default" mt={8} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Older ones
        </Button>
      )}
    </Section>
  );
}

/** The session or window that fired, in a few words. */
export function whatOf({ details }: Firing): string {
  if (typeof details.window_end === "number") {
    if (details.rows === 0 && !details.value) return "nothing came";
    const value = typeof details.value === "number" ? details.value.toLocaleString("en") : "no value";
    const usual = typeof details.expected === "number" ? `, usually ${details.expected.toLocaleString("en")}` : "";
    return `${value}${usual}`;
  }
  const seconds = typeof details.duration_ms === "number" ? details.duration_ms / 1000 : 0;
  const began = String(details.entry_page ?? details.first_event_name ?? "");
  return `${seconds.toLocaleString("en")} s, ${String(details.events)} ${details.events === 1 ? "event" : "events"}, from ${began}`;
}

/** Who heard of it, or why nobody did. */
export function toldOf({ quiet, notices }: Firing): string {
  if (quiet !== "") return quiet;
  const last = new Map(notices.map((notice) => [notice.channel, notice.state]));
  return [...last].map(([channel, state]) => (state === "sent" ? channel : `${channel} (${state})`)).join(", ") || "nobody";
}
