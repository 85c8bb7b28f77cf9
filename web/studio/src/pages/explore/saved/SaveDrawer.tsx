import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { failureText } from "../../../api/client";
import { SideDrawer } from "../../../components/SideDrawer";
import css from "../../../components/DrawerForm.module.css";
import type { Asked } from "../state/question";
import { wordsOf } from "../state/words";
import { REPORTS_KEY, saveReport } from "./api";

type Props = { readonly isOpen: boolean; readonly asked: Asked; readonly view: string; readonly onClose: () => void };

const TITLE_MAX = 200;

/** Keeps a question under a title, for everybody of the project. */
export function SaveDrawer({ isOpen, asked, view, onClose }: Props) {
  return (
    <SideDrawer isOpen={isOpen} title="Save as a report" closing="Close" size={440} onClose={onClose}>
      {isOpen && <Form asked={asked} view={view} />}
    </SideDrawer>
  );
}

function Form({ asked, view }: Pick<Props, "asked" | "view">) {
  const [title, setTitle] = useState(() => wordsOf(asked).slice(0, TITLE_MAX));
  const client = useQueryClient();
  const saving = useMutation({
    mutationFn: () => saveReport(asked, title.trim(), view),
    onSuccess: () => client.invalidateQueries({ queryKey: REPORTS_KEY }),
  });
  if (saving.isSuccess) return <p role="status">It is saved. Everybody of the project finds it under Saved reports.</p>;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (title.trim()) saving.mutate();
  };
  return (
    <form className={css.form} onSubmit={submit}>
      <TextInput size="xs" label="Title" maxLength={TITLE_MAX} value={title} onChange={(change) => setTitle(change.currentTarget.value)} />
      <p className={css.note}>The question is saved, not its answer: a report of the last 28 days is of those before the day it is opened.</p>
      {saving.error && (
        <p className={css.failed} role="alert">
          {failureText(saving.error)}
        </p>
      )}
      <Button type="submit" size="xs" loading={saving.isPending} disabled={!title.trim()}>
        Save
      </Button>
    </form>
  );
}
