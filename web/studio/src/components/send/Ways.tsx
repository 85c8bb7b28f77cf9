import { Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { failureText, has, read } from "../../api/client";
import type { Apps, Snippets } from "../../api/generated";
import { useQueryValue } from "../../router/query";
import { Snippet } from "../Snippet";
import { TestEvent } from "./TestEvent";
import css from "./Ways.module.css";

function isSnippets(value: unknown): value is Snippets {
  return has(value, "endpoint", "write_id", "snippets");
}

function readSnippets(appId: string, signal?: AbortSignal): Promise<Snippets> {
  return read(`/api/snippets?app_id=${encodeURIComponent(appId)}`, isSnippets, { signal });
}

/** A tab for each way to send, with code for the chosen app. */
export function Ways({ apps }: { readonly apps: Apps | null }) {
  const [asked, ask] = useQueryValue("send");
  const [appId, chooseApp] = useQueryValue("app");
  const query = useQuery({
    queryKey: ["snippets", appId, apps?.collector_url],
    queryFn: ({ signal }) => readSnippets(appId, signal),
  });
  if (query.error) return <p role="alert">The code cannot be shown: {failureText(query.error)}</p>;
  if (!query.data) return <p role="status">Loading</p>;
  const { snippets } = query.data;
  const first = snippets[0]?.name ?? "";
  const tab = snippets.find(({ name }) => name === asked)?.name ?? first;
  return (
    <>
      {apps && apps.apps.length > 1 && (
        <label className={css.app}>
          App{" "}
          <select value={appId} onChange={(change) => chooseApp(change.currentTarget.value)}>
            {apps.apps.map(({ app }, place) => (
              <option key={app.app_id} value={place === 0 ? "" : app.app_id}>
                {app.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <Tabs value={tab} onChange={(name) => ask(name === first || name === null ? "" : name)} keepMounted={false}>
        <Tabs.List>
          {snippets.map(({ name, title }) => (
            <Tabs.Tab key={name} value={name}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {snippets.map(({ name, title, about, text }) => (
          <Tabs.Panel key={name} value={name} pt="sm">
            <p className={css.text}>{about}</p>
            <Snippet label={`code: ${title}`} text={text} />
          </Tabs.Panel>
        ))}
      </Tabs>
      <TestEvent app={appId} />
    </>
  );
}
