import "@mantine/core/styles/Checkbox.css";
import "@mantine/core/styles/Combobox.css";
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import { Button, Checkbox, SegmentedControl, Select, TagsInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { failureText } from "../../../api/client";
import { SideDrawer } from "../../../components/SideDrawer";
import { changeQuery } from "../../../router/query";
import { addDefinition } from "./api";
import css from "./Definitions.module.css";
import { type Draft, hasOption, type Kind, optionsOf } from "./draft";

const KINDS: { value: Kind; label: string }[] = [
  { value: "gap", label: "Gap" },
  { value: "step", label: "Step" },
  { value: "day", label: "Day" },
  { value: "client", label: "SDK's" },
];
const SAYS: Record<Kind, string> = {
  gap: "Activity without a pause, cut where you say.",
  step: "The events of one window: every 30 seconds, every minute.",
  day: "The events of one local day.",
  client: "What the SDK says is a session, checked: cut as by gap, and two visitors under one id are two.",
};
const KEYS = [
  "visitor_id",
  "user_id",
  "device_id",
  "client_session_id",
  "ip",
  "platform",
  "browser",
  "os",
  "device_category",
  "language",
  "geo_country",
  "app_version",
  "page_host",
  "user_agent",
];
const USER_CUTS = [
  { value: "", label: "Never" },
  { value: "other", label: "From one known user to another" },
  { value: "any", label: "From anonymous to known as well" },
];

type Props = { readonly isOpen: boolean; readonly onClose: () => void };

/** A definition to be; the server says what is wrong with it. */
export function DefinitionForm({ isOpen, onClose }: Props) {
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>("gap");
  const [name, setName] = useState("");
  const [draft, setDraft] = useState<Draft>({});
  const set = (option: string) => (value: Draft[string] | null) =>
    setDraft((before) => ({ ...before, [option]: value ?? "" }));
  const add = useMutation({
    mutationFn: () => addDefinition(name.trim(), optionsOf(kind, draft)),
    onSuccess: () => {
      changeQuery({ add: "" }, "replace");
      setName("");
      setDraft({});
      return client.invalidateQueries();
    },
  });
  const text = (option: string) => ({
    value: textOf(draft[option]),
    onChange: (change: { readonly currentTarget: { readonly value: string } }) => set(option)(change.currentTarget.value),
  });
  const tick = (option: string) => ({
    checked: draft[option] === true,
    onChange: (change: { readonly currentTarget: { readonly checked: boolean } }) =>
      set(option)(change.currentTarget.checked),
  });
  const tags = (option: string) => ({ value: tagsOf(draft[option]), onChange: set(option) });
  const has = (option: string) => hasOption(kind, option);
  return (
    <SideDrawer isOpen={isOpen} title="Add a definition" closing="Close" size={480} onClose={onClose}>
      <form
        className={css.form}
        onSubmit={(submit) => {
          submit.preventDefault();
          add.mutate();
        }}
      >
        <TextInput
          label="Name"
          description="Lower-case letters, digits and _. Its sessions are read as sessions_name"
          required
          value={name}
          onChange={(change) => setName(change.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Kind"
          value={kind}
          onChange={(value) => setKind(KINDS.find((one) => one.value === value)?.value ?? "gap")}
          data={KINDS}
        />
        <p className={css.note}>{SAYS[kind]}</p>
        {has("step") && <TextInput label="Length of a window" placeholder="30s" {...text("step")} />}
        {has("gap") && <TextInput label="Pause that ends it" placeholder="as in the settings, such as 30m" {...text("gap")} />}
        {has("length_max") && (
          <TextInput label="Longest" placeholder="as in the settings, such as 24h" {...text("length_max")} />
        )}
        {has("events_max") && (
          <TextInput label="Most events" placeholder="as in the settings" inputMode="numeric" {...text("events_max")} />
        )}
        {has("cut_on_user") && (
          <Select
            label="Cut on another user"
            data={USER_CUTS}
            value={textOf(draft.cut_on_user)}
            allowDeselect={false}
            onChange={set("cut_on_user")}
          />
        )}
        {has("cut_on_campaign") && <Checkbox label="Cut on another campaign" {...tick("cut_on_campaign")} />}
        {has("cut_at_midnight") && <Checkbox label="Cut at midnight" {...tick("cut_at_midnight")} />}
        {has("time_zone") && <TextInput label="Time zone of its days" placeholder="UTC" {...text("time_zone")} />}
        {has("keep_alive") && <TagsInput label="Events that keep it alive and begin none" {...tags("keep_alive")} />}
        <TagsInput
          label="Whose it is"
          description="Columns of events, also properties.name; empty: the visitor"
          data={KEYS}
          {...tags("key")}
        />
        <TagsInput
          label="Events that are no interaction"
          description="They count neither as views nor against a bounce; empty: page_ping"
          {...tags("not_interaction")}
        />
        {add.error && (
          <p className={css.problem} role="alert">
            {failureText(add.error)}
          </p>
        )}
        <div>
          <Button type="submit" size="xs" loading={add.isPending} disabled={name.trim() === ""}>
            Define it
          </Button>
        </div>
        <p className={css.note}>It is computed over all history beside the others. Nothing changes until you switch to it.</p>
      </form>
    </SideDrawer>
  );
}

function textOf(value: Draft[string] | undefined): string {
  return typeof value === "string" ? value : "";
}

function tagsOf(value: Draft[string] | undefined): string[] {
  return typeof value === "object" ? [...value] : [];
}
