import type { SessionRow } from "../../api/generated";
import { type Clock, formatExact, shortId } from "../../format/format";
import { useQueryValue } from "../../router/query";
import css from "./SessionTable.module.css";
import { lengthOf } from "./SessionDrawer";

/** Columns that can be sorted by, with the words over them. */
const COLUMNS = [
  { name: "started_at", label: "Began", isNumber: false },
  { name: "visitor_id", label: "Visitor", isNumber: false },
  { name: "entry_page", label: "Entry", isNumber: false },
  { name: "exit_page", label: "Last", isNumber: false },
  { name: "source", label: "Source", isNumber: false },
  { name: "duration_ms", label: "Duration", isNumber: true },
  { name: "events", label: "Events", isNumber: true },
] as const;

type Props = {
  readonly sessions: readonly SessionRow[];
  readonly caption: string;
  readonly clock: Clock;
  /** What they are sorted by; without it the heads are plain text. */
  readonly sort?: string;
  readonly onSort?: (sort: string) => void;
};

/** Sessions as rows; each opens its timeline, heads sort. */
export function SessionTable({ sessions, caption, clock, sort, onSort }: Props) {
  return (
    <div className={css.scroll}>
      <table className={css.table}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <Head key={column.name} {...column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <Row key={session.session_id} session={session} clock={clock} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type HeadProps = (typeof COLUMNS)[number] & {
  readonly sort: string | undefined;
  readonly onSort: ((sort: string) => void) | undefined;
};

function Head({ name, label, isNumber, sort, onSort }: HeadProps) {
  const isUp = sort === name;
  const isDown = sort === `-${name}`;
  return (
    <th
      scope="col"
      className={isNumber ? css.numberHead : css.head}
      aria-sort={isUp ? "ascending" : isDown ? "descending" : undefined}
    >
      {onSort ? (
        <button type="button" className={css.sort} onClick={() => onSort(isDown ? name : `-${name}`)}>
          {label}
          <span aria-hidden>{isUp ? " ↑" : isDown ? " ↓" : ""}</span>
        </button>
      ) : (
        label
      )}
    </th>
  );
}

function Row({ session, clock }: { readonly session: SessionRow; readonly clock: Clock }) {
  const [, open] = useQueryValue("session");
  const id = session.session_id;
  return (
    <tr>
      <th scope="row" className={css.began}>
        <a
          className={css.open}
          href={`?session=${id}`}
          onClick={(click) => {
            if (click.metaKey || click.ctrlKey || click.shiftKey) return;
            click.preventDefault();
            open(id, "push");
          }}
        >
          <time title={`${clock.full(session.started_at)} ${clock.zone}`}>{clock.moment(session.started_at)}</time>
        </a>
        {session.status === "open" && <span className={css.mark}>open</span>}
        {session.revision > 1 && (
          <span className={css.late} title="Late events changed it after it was written">
            revised
          </span>
        )}
      </th>
      <Text value={session.user_id ?? shortId(session.visitor_id)} whole={session.user_id ?? session.visitor_id} />
      <Text value={placeOf(session.entry_page) ?? session.first_event_name} whole={session.entry_page} />
      <Text value={placeOf(session.exit_page) ?? session.last_event_name} whole={session.exit_page} />
      <Text value={session.source ?? "Direct or unknown"} whole={session.source} />
      <td className={css.number}>{lengthOf(session)}</td>
      <td className={css.number}>{formatExact(session.events)}</td>
    </tr>
  );
}

function Text({ value, whole }: { readonly value: string | null; readonly whole: string | null }) {
  return (
    <td className={css.text} title={whole ?? undefined}>
      <bdi>{value}</bdi>
    </td>
  );
}

/** The path of an address, which is what tells the pages of one site apart. */
function placeOf(page: string | null): string | null {
  if (page === null || !URL.canParse(page)) return page;
  const { pathname, search } = new URL(page);
  return pathname + search;
}
