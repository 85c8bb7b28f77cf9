import { Button } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { failureText, has, read, type Shape } from "../../api/client";
import type { EventTaken } from "../../api/generated";
import css from "./Ways.module.css";

const isSent: Shape<EventTaken> = (value): value is EventTaken => has(value, "app_id", "event_name");

/** Sends one event through the collector, as an SDK would, to see that the way is open. */
export function TestEvent({ app }: { readonly app: string }) {
  const sending = useMutation({ mutationFn: () => read(`/api/test-event?app_id=${encodeURIComponent(app)}`, isSent, { method: "POST" }) });
  return (
    <div className={css.test}>
      <Button size="xs" variant="default" loading={sending.isPending} leftSection={<IconSend size={14} aria-hidden />} onClick={() => sending.mutate()}>
        Send a test event
      </Button>
      {sending.data && (
        <span role="status">
          {sending.data.event_name} of {sending.data.app_id} was taken.
        </span>
      )}
      {sending.error && <span role="alert">{failureText(sending.error)}</span>}
    </div>
  );
}
