import "@mantine/core/styles/PasswordInput.css";
import { Button, PasswordInput, SegmentedControl, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { failureText } from "../../../api/client";
import { SideDrawer } from "../../../components/SideDrawer";
import { putChannel } from "../api";
import css from "../rules/RuleDetail.module.css";

const KINDS = [
  { value: "webhook", label: "Webhook" },
  { value: "apprise", label: "Mail or chat" },
  { value: "action", label: "Installed action" },
];

/** A channel to be. What is written here is shown nowhere again. */
export function ChannelForm({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const client = useQueryClient();
  const [kind, setKind] = useState("webhook");
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState("");
  const [action, setAction] = useState("");
  const options = kind === "webhook" ? { kind, url, secret } : kind === "apprise" ? { kind, url } : { kind, action };
  const add = useMutation({
    mutationFn: () => putChannel(name.trim(), options),
    onSuccess: () => {
      setUrl("");
      setSecret("");
      onClose();
      return client.invalidateQueries({ queryKey: ["alerts"] });
    },
  });
  return (
    <SideDrawer isOpen={isOpen} title="Add a channel" closing="Close" size={480} onClose={onClose}>
      <form
        className={css.form}
        onSubmit={(submit) => {
          submit.preventDefault();
          add.mutate();
        }}
      >
        <TextInput label="Name" required value={name} onChange={(change) => setName(change.currentTarget.value)} />
        <SegmentedControl aria-label="What it is" value={kind} onChange={setKind} data={KINDS} />
        {kind === "action" ? (
          <TextInput label="Action" description="Name of an entry point in footfall.actions" value={action} onChange={(change) => setAction(change.currentTarget.value)} />
        ) : (
          <TextInput
            label="Address"
            description={kind === "webhook" ? "https://host/path" : "As Apprise writes it: mailto://user:password@host"}
            value={url}
            onChange={(change) => setUrl(change.currentTarget.value)}
          />
        )}
        {kind === "webhook" && (
          <PasswordInput label="Secret" description="At least 16 characters; each request is signed with it" value={secret} onChange={(change) => setSecret(change.currentTarget.value)} />
        )}
        {add.error && (
          <p className={css.problem} role="alert">
            {failureText(add.error)}
          </p>
        )}
        <div className={css.actions}>
          <Button type="submit" size="xs" loading={add.isPending} disabled={name.trim() === ""}>
            Add it
          </Button>
        </div>
      </form>
    </SideDrawer>
  );
}
