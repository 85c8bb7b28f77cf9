import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { failureText } from "../../api/client";
import { useApps } from "../../api/useApps";
import { importList, listSegments, nameOf } from "./api";
import css from "./Segments.module.css";

/** A segment of ids that somebody has, an id a line. */
export function ImportList({ onDone }: { readonly onDone: () => void }) {
  const apps = useApps();
  const client = useQueryClient();
  const [title, setTitle] = useState("");
  const [unit, setUnit] = useState<"visitor" | "user">("visitor");
  const [app, setApp] = useState("");
  const [text, setText] = useState("");
  const ids = text.split("\n").flatMap((line) => line.trim() || []);
  const importing = useMutation({
    mutationFn: async () => {
      const { segments } = await listSegments();
      return importList(nameOf(title, segments.map(({ segment }) => segment.name)), ids, unit, unit === "user" ? "" : app, title.trim());
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["segments"] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    importing.mutate();
  };
  return (
    <form className={css.save} onSubmit={submit}>
      <div className={css.two}>
        <TextInput size="xs" label="Name of the segment" maxLength={200} value={title} onChange={(change) => setTitle(change.currentTarget.value)} />
        <NativeSelect
          size="xs"
          label="Ids are of"
          value={unit === "user" ? "\n" : app}
          onChange={(change) => {
            const { value } = change.currentTarget;
            setUnit(value === "\n" ? "user" : "visitor");
            setApp(value === "\n" ? "" : value);
          }}
          data={[
            { value: "", label: "Visitors, each with its app: app/id" },
            ...(apps?.apps ?? []).map((one) => ({ value: one.app.app_id, label: `Visitors of ${one.app.name}` })),
            { value: "\n", label: "Users" },
          ]}
        />
      </div>
      <Textarea size="xs" label="Ids, one a line" rows={6} value={text} onChange={(change) => setText(change.currentTarget.value)} />
      {importing.error && (
        <p className={css.failed} role="alert">
          {failureText(importing.error)}
        </p>
      )}
      <div className={css.row}>
        <Button type="submit" size="xs" loading={importing.isPending} disabled={title.trim() === "" || ids.length === 0}>
          Import {ids.length > 0 ? ids.length : ""}
        </Button>
        <Button variant="subtle" color="gray" size="xs" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
