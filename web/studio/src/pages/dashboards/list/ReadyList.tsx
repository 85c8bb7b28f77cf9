import { Button, NativeSelect } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { failureText } from "../../../api/client";
import type { ReadyDashboard } from "../../../api/generated";
import { useApps } from "../../../api/useApps";
import { changeQuery } from "../../../router/query";
import { addReady, listReady } from "../api";
import css from "./DashboardList.module.css";

/** Dashboards that come with Footfall: one click adds one, and opens it. */
export function ReadyList({ names }: { readonly names: readonly string[] }) {
  const query = useQuery({ queryKey: ["ready-dashboards"], queryFn: ({ signal }) => listReady(signal), staleTime: Infinity });
  const apps = useApps()?.apps ?? [];
  const [app, setApp] = useState("");
  const offered = (query.data?.dashboards ?? []).filter(({ name }) => !names.includes(app ? `${name}-${app}` : name));
  if (offered.length === 0 && apps.length < 2) return null;
  return (
    <section aria-labelledby="ready">
      <h2 className={css.part} id="ready">
        Ready-made
      </h2>
      <p className={css.hint}>Over columns that every project has. Once added, one is yours: change it, share it, remove it.</p>
      {apps.length > 1 && (
        <NativeSelect
          size="xs"
          className={css.of ?? ""}
          label="About"
          value={app}
          onChange={(change) => setApp(change.currentTarget.value)}
          data={[{ value: "", label: "All apps" }, ...apps.map((one) => ({ value: one.app.app_id, label: one.app.name }))]}
        />
      )}
      <ul className={css.list}>
        {offered.map((one) => (
          <Item key={one.name} one={one} app={app} />
        ))}
      </ul>
    </section>
  );
}

type ItemProps = { readonly one: ReadyDashboard; readonly app: string };

function Item({ one: { name, about, definition }, app }: ItemProps) {
  const client = useQueryClient();
  const adding = useMutation({
    mutationFn: () => addReady(name, app),
    onSuccess: async (kept) => {
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      changeQuery({ name: kept.name }, "push");
    },
  });
  return (
    <li className={css.item}>
      <span className={css.ready}>
        <strong>{definition.title}</strong>
        <span className={css.what}>{about}</span>
        {adding.error && (
          <span className={css.failed} role="alert">
            {failureText(adding.error)}
          </span>
        )}
      </span>
      <Button variant="default" size="xs" aria-label={`Add ${definition.title}`} loading={adding.isPending} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => adding.mutate()}>
        Add
      </Button>
    </li>
  );
}
