import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { failureText } from "../../../api/client";
import type { Compare } from "../../../components/scene/scene";
import { SideDrawer } from "../../../components/SideDrawer";
import { Snippet } from "../../../components/Snippet";
import { endLink, makeLink, readLinks } from "../api";
import { When } from "../When";
import css from "./ShareDrawer.module.css";

type Props = { readonly name: string; readonly compare: Compare; readonly isPublished: boolean; readonly isOpen: boolean; readonly onClose: () => void };

/** Links that show the published dashboard to whoever has them, and how to end them. */
export function ShareDrawer({ name, compare, isPublished, isOpen, onClose }: Props) {
  return (
    <SideDrawer isOpen={isOpen} title="Share by a read-only link" closing="Close sharing" size={520} onClose={onClose}>
      {isPublished ? <Sharing name={name} compare={compare} /> : <p>Publish the dashboard first: a link shows what is published.</p>}
    </SideDrawer>
  );
}

/** A link shows what is looked at now: with a comparison if there is one. Its token stays behind the #. */
export function comparing(path: string, compare: Compare): string {
  return compare === "none" ? path : path.replace("#", `?compare=${compare}#`);
}

function Sharing({ name, compare }: Pick<Props, "name" | "compare">) {
  const client = useQueryClient();
  const [path, setPath] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const query = useQuery({ queryKey: ["dashboards", name, "links"], queryFn: ({ signal }) => readLinks(name, signal) });
  const change = async (work: () => Promise<void>) => {
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
    await client.invalidateQueries({ queryKey: ["dashboards", name, "links"] });
  };
  return (
    <div className={css.sharing}>
      <p className={css.text}>
        Whoever has a link sees this dashboard as published: its charts and tables, without filters of their own, without SQL and without the rows
        behind a number. A link works until you end it, and not a moment longer.
      </p>
      <Button size="xs" onClick={() => void change(async () => setPath((await makeLink(name)).path))}>
        Make a link
      </Button>
      {path && (
        <div>
          <p className={css.text}>Copy it now: it is shown this once.</p>
          <Snippet label="the link" text={`${window.location.origin}${comparing(path, compare)}`} />
        </div>
      )}
      {(error ?? query.error) && <p role="alert">{failureText(error ?? query.error ?? new Error(""))}</p>}
      <ul className={css.links} aria-label="Links">
        {(query.data?.links ?? []).map(({ id, created_at }) => (
          <li key={id} className={css.link}>
            <span>
              <code>{id}</code> made <When us={created_at} />
            </span>
            <Button variant="default" size="xs" aria-label={`End the link ${id}`} onClick={() => void change(() => endLink(name, id))}>
              End
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
