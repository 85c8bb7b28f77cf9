import { Button, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { failureText } from "../../../api/client";
import type { ListedDashboard } from "../../../api/generated";
import { Empty } from "../../../components/states/Empty";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { changeQuery } from "../../../router/query";
import { listDashboards, removeDashboard, saveDashboard } from "../api";
import { freshName } from "../editor/fresh";
import { When } from "../When";
import css from "./DashboardList.module.css";
import { ReadyList } from "./ReadyList";

/** All dashboards of the project, and a way to a new one. */
export function DashboardList() {
  const query = useQuery({ queryKey: ["dashboards"], queryFn: ({ signal }) => listDashboards(signal) });
  const client = useQueryClient();
  const [error, setError] = useState<Error | null>(null);
  const begin = async () => {
    setError(null);
    try {
      const name = freshName((query.data?.dashboards ?? []).map((one) => one.name));
      await saveDashboard(name, { title: "New dashboard", sheets: [{ title: "Overview", tiles: [] }] }, 0, false);
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      changeQuery({ name, edit: "1" }, "push");
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
  };
  return (
    <>
      <div className={css.head}>
        <h1 className={css.title}>Dashboards</h1>
        <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => void begin()}>
          New dashboard
        </Button>
      </div>
      {error && <p role="alert">{failureText(error)}</p>}
      <List query={query} />
      {query.data && <ReadyList names={query.data.dashboards.map((one) => one.name)} />}
    </>
  );
}

type ListProps = { readonly query: { readonly data?: { readonly dashboards: readonly ListedDashboard[] } | undefined; readonly error: Error | null; readonly refetch: () => unknown } };

function List({ query }: ListProps) {
  if (query.error) return <Failure title="The dashboards cannot be shown" error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <Loading slow="The list is still loading.">
        <Skeleton height={120} />
      </Loading>
    );
  }
  if (query.data.dashboards.length === 0) {
    return (
      <Empty title="No dashboards yet">
        <p>
          Make one here by dragging fields, or apply one from a file: <code>footfall dashboard apply FILE</code>.
        </p>
      </Empty>
    );
  }
  return (
    <ul className={css.list}>
      {query.data.dashboards.map((one) => (
        <li key={one.name} className={css.item}>
          <a
            className={css.link}
            href={`/dashboards?name=${encodeURIComponent(one.name)}`}
            onClick={(click) => {
              if (click.metaKey || click.ctrlKey) return;
              click.preventDefault();
              changeQuery({ name: one.name }, "push");
            }}
          >
            {one.title || one.name}
          </a>
          <span className={css.about}>
            {stateOf(one)}, changed <When us={one.updated_at} />
          </span>
          <Remove name={one.name} title={one.title} />
        </li>
      ))}
    </ul>
  );
}

function stateOf({ is_published, has_draft, links }: ListedDashboard): string {
  const state = is_published ? (has_draft ? "published, with a draft" : "published") : "draft";
  return links > 0 ? `${state}, ${links} ${links === 1 ? "link" : "links"}` : state;
}

/** Two steps: nothing brings a removed dashboard back. */
function Remove({ name, title }: { readonly name: string; readonly title: string }) {
  const client = useQueryClient();
  const [isAsked, setIsAsked] = useState(false);
  const remove = async () => {
    await removeDashboard(name);
    await client.invalidateQueries({ queryKey: ["dashboards"] });
  };
  if (!isAsked) {
    return (
      <Button variant="subtle" color="gray" size="xs" aria-label={`Remove ${title}`} onClick={() => setIsAsked(true)}>
        Remove
      </Button>
    );
  }
  return (
    <span className={css.sure}>
      <Button variant="default" size="xs" onClick={() => setIsAsked(false)}>
        Keep
      </Button>
      <Button color="red" size="xs" onClick={() => void remove()}>
        Remove for ever
      </Button>
    </span>
  );
}
