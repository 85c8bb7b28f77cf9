import "@mantine/core/styles/Progress.css";
import { Button, Progress } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { failureText } from "../../../api/client";
import type { Listed } from "../../../api/generated";
import { formatExact, formatPercent } from "../../../format/format";
import { changeQuery } from "../../../router/query";
import { dropDefinition, switchTo } from "./api";
import css from "./Definitions.module.css";

type Doing = "switch" | "drop";
type Props = { readonly one: Listed; /** Name of the default. */ readonly shown: string };

/** One definition: what it says, how far it is, and what can be done with it. */
export function DefinitionRow({ one, shown }: Props) {
  const client = useQueryClient();
  const [asked, ask] = useState<Doing | null>(null);
  const act = useMutation({
    mutationFn: (doing: Doing) => (doing === "switch" ? switchTo(one.name) : dropDefinition(one.name)),
    onSuccess: () => {
      ask(null);
      return client.invalidateQueries();
    },
  });
  const isOfVisitors = one.key.length === 1 && one.key[0] === "visitor_id";
  return (
    <li className={css.one}>
      <div className={css.what}>
        <span className={css.name}>
          {one.name}
          <span className={css.version}>version {one.version}</span>
          {one.is_default && <span className={css.mark}>default</span>}
        </span>
        <code className={css.options}>{one.options || `kind=${one.kind}`}</code>
        <State one={one} />
      </div>
      <div className={css.actions}>
        {!one.is_default && one.state !== "waits" && (
          <Button size="xs" variant="default" onClick={() => changeQuery({ a: shown, b: one.name }, "push")}>
            Compare
          </Button>
        )}
        {!one.is_default && one.state === "whole" && isOfVisitors && one.kind !== "client" && (
          <Button size="xs" variant="default" onClick={() => ask("switch")}>
            Switch to it
          </Button>
        )}
        {!one.is_default && one.is_added && (
          <Button size="xs" variant="default" onClick={() => ask("drop")}>
            Drop
          </Button>
        )}
      </div>
      {asked && (
        <div className={css.confirm} role="group" aria-label="Are you sure">
          <p>
            {asked === "switch"
              ? `Sessions of all history will be those of ${one.name}, on every page and in SQL, within seconds. Nothing is lost: switch to ${shown} to take it back.`
              : `No more events are placed in sessions of ${one.name}, and its view goes. A definition of the same options must be computed anew.`}
          </p>
          <Button size="xs" loading={act.isPending} onClick={() => act.mutate(asked)}>
            {asked === "switch" ? `Switch to ${one.name}` : `Drop ${one.name}`}
          </Button>
          <Button size="xs" variant="default" onClick={() => ask(null)}>
            Leave it
          </Button>
          {act.error && (
            <p className={css.problem} role="alert">
              {failureText(act.error)}
            </p>
          )}
        </div>
      )}
    </li>
  );
}

function State({ one }: { readonly one: Listed }) {
  if (one.state === "waits") return <span className={css.state}>Waits for the server, which begins with it within seconds</span>;
  if (one.state !== "fills") return <span className={css.state}>{one.is_added ? "Whole: all history is computed" : "In the settings"}</span>;
  const share = one.events_total > 0 ? formatPercent(one.events_done, one.events_total) : "0 %";
  return (
    <span className={css.state}>
      Past computed to {share}
      {one.events_total > 0 && `, ${formatExact(one.events_done)} of ${formatExact(one.events_total)} events`}
      <Progress
        className={css.progress ?? ""}
        size="xs"
        aria-label={`Past of ${one.name}`}
        value={one.events_total > 0 ? (100 * one.events_done) / one.events_total : 0}
      />
    </span>
  );
}
