import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { SessionBefore, SessionRow, TimelineEvent } from "../../api/generated";
import { type Clock, counted, formatDuration } from "../../format/format";
import { changeQuery, useQueryValue } from "../../router/query";
import { EventLink } from "../event/EventLink";
import { LongText } from "../LongText";
import { SideDrawer } from "../SideDrawer";
import { Failure } from "../states/Failure";
import { Loading } from "../states/Loading";
import { readVisitor, readVisitorEvents, readVisitorSessions, type Whose } from "./api";
import { BeforeList } from "./BeforeList";
import css from "./SessionDrawer.module.css";
import { Received } from "./Timeline";

/** One visitor, opened over the page: sessions by a definition, what they were before, and all events. */
export function VisitorDrawer({ clock }: { readonly clock: Clock }) {
  const [visitor] = useQueryValue("visitor");
  const [app] = useQueryValue("of");
  const [definition] = useQueryValue("definition");
  const isOpen = visitor !== "" && app !== "";
  return (
    <SideDrawer
      isOpen={isOpen}
      onClose={() => changeQuery({ visitor: "", of: "" }, "push")}
      size={560}
      title="Visitor"
      closing="Close the visitor"
    >
      {isOpen && <Content key={`${app} ${visitor} ${definition}`} whose={{ app, visitor, definition }} clock={clock} />}
    </SideDrawer>
  );
}

type Props = { readonly whose: Whose; readonly clock: Clock };

function Content({ whose, clock }: Props) {
  const query = useQuery({ queryKey: ["visitor", whose], queryFn: ({ signal }) => readVisitor(whose, signal) });
  if (query.error) {
    return <Failure title="The visitor cannot be shown" error={query.error} retry={() => void query.refetch()} level={3} />;
  }
  if (!query.data) {
    return (
      <Loading slow="Still looking for its events: the machine is busy.">
        <Skeleton height={240} />
      </Loading>
    );
  }
  const found = query.data;
  const facts: readonly (readonly [string, string])[] = [
    ["Visitor", found.visitor_id],
    ["App", found.app_id],
    ["User", found.users.join(", ")],
    ["First seen", `${clock.full(found.first_seen)} ${clock.zone}`],
    ["Last seen", `${clock.full(found.last_seen)} ${clock.zone}`],
    ["Did", `${counted(found.events, "event")} in ${counted(found.sessions, "session")}`],
    ["Definition", whose.definition],
  ];
  return (
    <>
      <dl className={css.facts}>
        {facts.map(
          ([name, value]) =>
            value !== "" && (
              <div key={name} className={css.fact}>
                <dt>{name}</dt>
                <dd>
                  <LongText text={value} />
                </dd>
              </div>
            ),
        )}
      </dl>
      <Sessions whose={whose} clock={clock} />
      <Events whose={whose} clock={clock} />
    </>
  );
}

function Sessions({ whose, clock }: Props) {
  const query = useInfiniteQuery({
    queryKey: ["visitor sessions", whose],
    queryFn: ({ pageParam, signal }) => readVisitorSessions(whose, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next,
  });
  const pages = query.data?.pages ?? [];
  const before = new Map<string, SessionBefore>();
  for (const page of pages) for (const one of page.before) before.set(`${one.session_id} ${one.epoch}`, one);
  return (
    <>
      <h3 className={css.heading}>Sessions, newest first</h3>
      {query.error && (
        <Failure title="The sessions cannot be shown" error={query.error} retry={() => void query.refetch()} level={3} />
      )}
      {query.isPending && <Skeleton height={48} />}
      <ol className={css.timeline} aria-label="Sessions of the visitor">
        {pages.flatMap(({ sessions }) =>
          sessions.map((one) => (
            <li key={one.session_id}>
              <Session one={one} clock={clock} />
            </li>
          )),
        )}
      </ol>
      <More is={query.hasNextPage} isPending={query.isFetchingNextPage} what="sessions" go={() => void query.fetchNextPage()} />
      <BeforeList before={[...before.values()]} clock={clock} />
    </>
  );
}

function Session({ one, clock }: { readonly one: SessionRow; readonly clock: Clock }) {
  return (
    <div className={css.session}>
      <a
        href={`?session=${one.session_id}`}
        onClick={(click) => {
          if (click.metaKey || click.ctrlKey || click.shiftKey) return;
          click.preventDefault();
          changeQuery({ session: one.session_id, visitor: "", of: "" }, "push");
        }}
      >
        <time title={`${clock.full(one.started_at)} ${clock.zone}`}>{clock.moment(one.started_at)}</time>
      </a>
      <span className={css.page}>
        {formatDuration(one.duration_ms / 1000)}, {counted(one.events, "event")}
        {one.status === "open" && ", still open"}
      </span>
      {one.revision > 1 && <span className={css.late}>revised</span>}
    </div>
  );
}

function Events({ whose, clock }: Props) {
  const query = useInfiniteQuery({
    queryKey: ["visitor events", whose],
    queryFn: ({ pageParam, signal }) => readVisitorEvents(whose, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: ({ next }) => next,
  });
  return (
    <>
      <h3 className={css.heading}>Events, newest first</h3>
      {query.error && (
        <Failure title="The events cannot be shown" error={query.error} retry={() => void query.refetch()} level={3} />
      )}
      {query.isPending && <Skeleton height={48} />}
      <ol className={css.timeline} aria-label="Events of the visitor">
        {(query.data?.pages ?? []).flatMap(({ events }) =>
          events.map((one) => (
            <li key={`${one.request_id}.${one.request_index}`}>
              <VisitorEvent one={one} clock={clock} />
            </li>
          )),
        )}
      </ol>
      <More is={query.hasNextPage} isPending={query.isFetchingNextPage} what="events" go={() => void query.fetchNextPage()} />
    </>
  );
}

function VisitorEvent({ one, clock }: { readonly one: TimelineEvent; readonly clock: Clock }) {
  return (
    <div className={css.session}>
      <time className={css.time} title={`${clock.full(one.event_time)} ${clock.zone}`}>
        {clock.moment(one.event_time)}
      </time>
      <span className={css.what}>
        <EventLink event={one} /> <bdi className={css.page}>{one.page ?? ""}</bdi>
      </span>
      <Received event={one} clock={clock} />
    </div>
  );
}

type MoreProps = { readonly is: boolean; readonly isPending: boolean; readonly what: string; readonly go: () => void };

function More({ is, isPending, what, go }: MoreProps) {
  if (!is) return null;
  return (
    <Button variant="default" size="xs" loading={isPending} onClick={go}>
      More {what}
    </Button>
  );
}
