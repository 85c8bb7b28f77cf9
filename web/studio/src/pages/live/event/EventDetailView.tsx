import { Skeleton, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ApiError } from "../../../api/client";
import type { EventDetail } from "../../../api/generated";
import { LongText } from "../../../components/LongText";
import { Failure } from "../../../components/states/Failure";
import { StatePanel } from "../../../components/states/StatePanel";
import type { Clock } from "../../../format/format";
import { readEvent } from "../api";
import { ColumnList } from "./ColumnList";
import { columnText } from "./columns";
import css from "./EventDetailView.module.css";
import { HowEnriched } from "./HowEnriched";
import { type EventPlace, formatPlace } from "../../../components/event/place";
import { RawRequestView } from "./RawRequestView";

type Props = { readonly place: EventPlace; readonly clock: Clock };

/** Columns, how they came about, and the request of one event. */
export function EventDetailView({ place, clock }: Props) {
  const query = useQuery({
    queryKey: ["event", formatPlace(place)],
    queryFn: ({ signal }) => readEvent(place, signal),
    staleTime: Infinity,
  });
  if (query.isPending) return <Skeletons />;
  if (query.isError) return <NotShown error={query.error} retry={() => void query.refetch()} />;
  return <Detail detail={query.data} clock={clock} />;
}

function NotShown({ error, retry }: { readonly error: Error; readonly retry: () => void }) {
  const failure = error instanceof ApiError ? error.failure : null;
  if (failure?.kind === "problem" && failure.problem.code === "not_found") {
    return (
      <StatePanel title="This event is not here" tone="failure" level={3}>
        <p>The link may be of another project, or the event was deleted. The studio says: {failure.problem.detail}.</p>
      </StatePanel>
    );
  }
  return <Failure title="The event cannot be shown" error={error} retry={retry} level={3} />;
}

function Detail({ detail, clock }: { readonly detail: EventDetail; readonly clock: Clock }) {
  return (
    <>
      <h3 className={css.name}>
        <LongText text={columnText(detail, "event_name") ?? "Event"} />
      </h3>
      <p className={css.place}>
        <LongText text={columnText(detail, "page_url") ?? columnText(detail, "screen_name") ?? ""} />
      </p>
      <Tabs defaultValue={detail.columns ? "columns" : "request"} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="columns">Columns</Tabs.Tab>
          <Tabs.Tab value="how">How it was enriched</Tabs.Tab>
          <Tabs.Tab value="request">Request</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="columns" pt="sm">
          {detail.columns ? (
            <ColumnList columns={detail.columns} clock={clock} />
          ) : (
            <Missing what="The columns" why={detail.columns_missing?.detail} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="how" pt="sm">
          {detail.columns ? <HowEnriched detail={detail} clock={clock} /> : <Missing what="The columns" why={detail.columns_missing?.detail} />}
        </Tabs.Panel>
        <Tabs.Panel value="request" pt="sm">
          {detail.request ? (
            <RawRequestView request={detail.request} clock={clock} />
          ) : (
            <Missing what="The request" why={detail.request_missing?.detail} />
          )}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Missing({ what, why }: { readonly what: string; readonly why: string | undefined }) {
  return (
    <p className={css.missing}>
      {what} cannot be shown: {why ?? "unknown reason"}.
    </p>
  );
}

function Skeletons() {
  return (
    <div aria-busy="true" aria-label="Loading the event">
      <Skeleton height={20} width="40%" mb={8} />
      <Skeleton height={14} width="80%" mb={20} />
      <Skeleton height={360} />
    </div>
  );
}
