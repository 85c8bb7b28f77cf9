import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { MouseEvent } from "react";
import type { SessionRow, SessionTimeline } from "../../api/generated";
import type { Clock } from "../../format/format";
import { counted, formatDuration, formatExact } from "../../format/format";
import { changeQuery, useQueryValue } from "../../router/query";
import { LongText } from "../LongText";
import { SideDrawer } from "../SideDrawer";
import { Failure } from "../states/Failure";
import { Loading } from "../states/Loading";
import { readTimeline } from "./api";
import { BeforeList } from "./BeforeList";
import css from "./SessionDrawer.module.css";
import { Timeline } from "./Timeline";

/** One session, opened over the page; which one, and of which definition, is in the address. */
export function SessionDrawer({ clock }: { readonly clock: Clock }) {
  const [id, setId] = useQueryValue("session");
  const [definition] = useQueryValue("definition");
  return (
    <SideDrawer
      isOpen={id !== ""}
      onClose={() => setId("", "push")}
      size={560}
      title="Session"
      closing="Close the session"
    >
      {id && <Content key={id} id={id} definition={definition} clock={clock} />}
    </SideDrawer>
  );
}

type Props = { readonly id: string; readonly definition: string; readonly clock: Clock };

function Content({ id, definition, clock }: Props) {
  const query = useQuery({
    queryKey: ["session", id, definition],
    queryFn: ({ signal }) => readTimeline(id, definition, signal),
  });
  if (query.error) {
    return <Failure title="The session cannot be shown" error={query.error} retry={() => void query.refetch()} level={3} />;
  }
  if (!query.data) {
    return (
      <Loading slow="Still looking for its events: the machine is busy.">
        <Skeleton height={240} />
      </Loading>
    );
  }
  return (
    <>
      <Facts found={query.data} definition={definition} clock={clock} />
      <BeforeList before={query.data.before} clock={clock} events={query.data.events} />
      <Timeline found={query.data} clock={clock} />
    </>
  );
}

type FactsProps = { readonly found: SessionTimeline; readonly definition: string; readonly clock: Clock };

function Facts({ found, definition, clock }: FactsProps) {
  const { session } = found;
  const late = found.events.filter(({ is_late }) => is_late).length;
  const facts: readonly (readonly [string, string | null])[] = [
    ["Visitor", session.visitor_id],
    ["User", session.user_id],
    ["Began", `${clock.full(session.started_at)} ${clock.zone}`],
    ["Lasted", session.status === "open" ? `${lengthOf(session)}, still open` : lengthOf(session)],
    ["Events", `${formatExact(session.events)}, ${counted(session.views, "view")}`],
    ["Entry", session.entry_page ?? session.first_event_name],
    [session.status === "open" ? "Now" : "Exit", session.exit_page ?? session.last_event_name],
    ["Source", [session.source, session.medium, session.campaign].filter(Boolean).join(" / ") || null],
    ["With", [session.device_category, session.browser, session.os].filter(Boolean).join(", ") || null],
    ["Late events", late > 0 ? formatExact(late) : null],
    ["Revision", session.revision > 1 ? `${session.revision}: late events changed it after it was written` : null],
  ];
  return (
    <>
      <dl className={css.facts}>
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name} className={css.fact}>
                <dt>{name}</dt>
                <dd>
                  <LongText text={value} />
                </dd>
              </div>
            ),
        )}
      </dl>
      <p className={css.more}>
        <VisitorLink session={session} definition={definition} />
      </p>
    </>
  );
}

/** On the page of sessions, whose list and filters stay behind it. */
function VisitorLink({ session: { app_id, visitor_id }, definition }: { readonly session: SessionRow; readonly definition: string }) {
  const query = new URLSearchParams({ of: app_id, visitor: visitor_id, ...(definition ? { definition } : {}) });
  const open = (click: MouseEvent) => {
    if (window.location.pathname !== "/sessions" || click.metaKey || click.ctrlKey || click.shiftKey) return;
    click.preventDefault();
    changeQuery({ of: app_id, visitor: visitor_id, session: "" }, "push");
  };
  return (
    <a href={`/sessions?${query}`} onClick={open}>
      All of this visitor
    </a>
  );
}

export function lengthOf({ duration_ms }: { readonly duration_ms: number }): string {
  return formatDuration(duration_ms / 1000);
}
