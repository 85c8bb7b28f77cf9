import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { failureText } from "../../../api/client";
import { SideDrawer } from "../../../components/SideDrawer";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { listDashboards, readDashboard, saveDashboard } from "../../dashboards/api";
import type { Asked } from "../state/question";
import { wordsOf } from "../state/words";
import css from "./KeepDrawer.module.css";
import { withReport } from "./tile";

type Props = { readonly isOpen: boolean; readonly asked: Asked; readonly view: string; readonly onClose: () => void };

/** Puts a report on the draft of a dashboard. */
export function KeepDrawer({ isOpen, asked, view, onClose }: Props) {
  return (
    <SideDrawer isOpen={isOpen} title="Add to a dashboard" closing="Close" size={440} onClose={onClose}>
      {isOpen && <Form asked={asked} view={view} />}
    </SideDrawer>
  );
}

const TITLE_MAX = 200;

function Form({ asked, view }: Pick<Props, "asked" | "view">) {
  const listed = useQuery({ queryKey: ["dashboards"], queryFn: ({ signal }) => listDashboards(signal) });
  const [chosen, setChosen] = useState("");
  const [title, setTitle] = useState(() => wordsOf(asked).slice(0, TITLE_MAX));
  const dashboards = listed.data?.dashboards ?? [];
  const name = chosen || (dashboards[0]?.name ?? "");
  const client = useQueryClient();
  const adding = useMutation({
    onSuccess: () => client.invalidateQueries({ queryKey: ["dashboards"] }),
    mutationFn: async () => {
      const kept = await readDashboard(name, false);
      return saveDashboard(name, withReport(kept.definition, 0, asked, view, title.trim()), kept.version, false);
    },
  });
  if (listed.error) return <Failure title="Dashboards cannot be listed" error={listed.error} retry={() => void listed.refetch()} level={3} />;
  if (!listed.data) return <Loading slow="Still looking for dashboards." />;
  if (dashboards.length === 0) {
    return (
      <p>
        There is no dashboard yet. <Link href="/dashboards">Make one</Link>, then add this to it.
      </p>
    );
  }
  if (adding.isSuccess) {
    return (
      <p role="status">
        It is on the draft. <Link href={`/dashboards?${new URLSearchParams({ name, edit: "1" }).toString()}`}>Open it</Link> to place it, and publish it for readers.
      </p>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate();
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <NativeSelect size="xs" label="Dashboard" value={name} onChange={(change) => setChosen(change.currentTarget.value)} data={dashboards.map((one) => ({ value: one.name, label: one.title || one.name }))} />
      <TextInput size="xs" label="Title" maxLength={TITLE_MAX} value={title} onChange={(change) => setTitle(change.currentTarget.value)} />
      <p className={css.note}>Range and filters of the dashboard count for it, too.</p>
      {adding.error && (
        <p className={css.failed} role="alert">
          {failureText(adding.error)}
        </p>
      )}
      <Button type="submit" size="xs" loading={adding.isPending}>
        Add
      </Button>
    </form>
  );
}
