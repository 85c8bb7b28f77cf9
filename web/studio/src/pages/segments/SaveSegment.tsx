import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { failureText } from "../../api/client";
import type { Members } from "../../api/generated";
import type { Opening } from "../explore/result/sheet";
import type { Asked } from "../explore/state/question";
import { listSegments, nameOf, saveNumber } from "./api";
import css from "./Segments.module.css";
import { useSizing } from "./useSizing";

type Props = { readonly asked: Asked; readonly opening: Opening; readonly kind: Members["kind"] };

const FORMS = [
  { value: "definition", label: "Whoever is behind this number when it is used" },
  { value: "list", label: "Exactly these, as they are now" },
] as const;

/** Makes a segment of those behind a number. */
export function SaveSegment({ asked, opening, kind }: Props) {
  const [isOpen, setIsOpen] = useState(false);
  const [title, setTitle] = useState(opening.title.slice(0, 200));
  const [form, setForm] = useState<"definition" | "list">("definition");
  const client = useQueryClient();
  const sizing = useSizing();
  const saving = useMutation({
    mutationFn: async () => {
      const { segments } = await listSegments();
      const name = nameOf(title, segments.map(({ segment }) => segment.name));
      return saveNumber(name, { model: asked.model, question: asked.question, cell: opening.cell, form, title: title.trim() });
    },
    onSuccess: async ({ segment }) => {
      await client.invalidateQueries({ queryKey: ["segments"] });
      sizing.mutate(segment.name);
    },
  });
  if (saving.data) {
    const { segment } = saving.data;
    return (
      <p role="status" className={css.note}>
        It is a segment: <Link href={`/segments?${new URLSearchParams({ name: segment.name }).toString()}`}>{segment.title}</Link>
      </p>
    );
  }
  if (!isOpen) {
    return (
      <Button variant="default" size="xs" onClick={() => setIsOpen(true)}>
        Save as segment
      </Button>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <form className={css.save} onSubmit={submit}>
      <TextInput size="xs" label="Name of the segment" maxLength={200} value={title} onChange={(change) => setTitle(change.currentTarget.value)} />
      <NativeSelect
        size="xs"
        label="Who is in it"
        value={form}
        onChange={(change) => setForm(change.currentTarget.value === "list" ? "list" : "definition")}
        data={[...FORMS]}
      />
      {(kind === "session" || kind === "event") && <p className={css.note}>The visitors of these {kind}s are in it.</p>}
      {saving.error && (
        <p className={css.failed} role="alert">
          {failureText(saving.error)}
        </p>
      )}
      <div className={css.row}>
        <Button type="submit" size="xs" loading={saving.isPending} disabled={title.trim() === ""}>
          Save
        </Button>
        <Button variant="subtle" color="gray" size="xs" onClick={() => setIsOpen(false)}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
