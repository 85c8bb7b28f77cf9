import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { failureText } from "../../../api/client";
import type { ChannelView } from "../../../api/generated";
import { Section } from "../../../components/Section";
import { type Clock, formatExact } from "../../../format/format";
import { removeChannel, sendAgain, testChannel } from "../api";
import css from "../history/HistoryList.module.css";

type Props = { readonly channels: readonly ChannelView[]; readonly clock: Clock; readonly onAdd: () => void };

/** Who is told, how that gets on, and a way to try. */
export function ChannelList({ channels, clock, onAdd }: Props) {
  const client = useQueryClient();
  const again = useMutation({ mutationFn: sendAgain, onSuccess: () => client.invalidateQueries({ queryKey: ["alerts"] }) });
  return (
    <Section
      title="Channels"
      aside={
        <div className={css.acts}>
          {channels.some(({ dead }) => dead > 0) && (
            <Button size="xs" variant="default" loading={again.isPending} onClick={() => again.mutate()}>
              Send again what was given up
            </Button>
          )}
          <Button size="xs" variant="default" onClick={onAdd}>
            Add a channel
          </Button>
        </div>
      }
    >
      {again.error && (
        <p className={css.problem} role="alert">
          {failureText(again.error)}
        </p>
      )}
      {channels.length === 0 ? (
        <p className={css.empty}>No channel yet: rules fire into the history only. A webhook, a mailbox or a chat can be one.</p>
      ) : (
        <div className={css.wide}>
          <table className={css.table} aria-label="Channels">
            <thead>
              <tr>
                <th scope="col">Channel</th>
                <th scope="col">Place</th>
                <th scope="col">Waiting</th>
                <th scope="col">Given up</th>
                <th scope="col">Last sent</th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {channels.map((channel) => (
                <ChannelRow key={channel.name} channel={channel} clock={clock} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

function ChannelRow({ channel, clock }: { readonly channel: ChannelView; readonly clock: Clock }) {
  const client = useQueryClient();
  const test = useMutation({ mutationFn: () => testChannel(channel.name) });
  const remove = useMutation({
    mutationFn: () => removeChannel(channel.name),
    onSuccess: () => client.invalidateQueries({ queryKey: ["alerts"] }),
  });
  const said = test.data ? (test.data.taken ? "It was taken." : test.data.problem) : "";
  const error = test.error ?? remove.error;
  return (
    <tr>
      <td className={css.name}>{channel.name}</td>
      <td className={css.place}>
        {channel.place}
        {channel.error !== "" && <span className={css.problem}>{channel.error}</span>}
        {said !== "" && (
          <span className={test.data?.taken ? css.good : css.problem} role="status">
            {said}
          </span>
        )}
        {error && (
          <span className={css.problem} role="alert">
            {failureText(error)}
          </span>
        )}
      </td>
      <td className="number">{formatExact(channel.waiting)}</td>
      <td className="number">{formatExact(channel.dead)}</td>
      <td className="number">{channel.sent_at ? clock.full(channel.sent_at).slice(0, -4) : "never"}</td>
      <td className={css.acts}>
        <Button size="compact-xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Test<span className="visually-hidden">&nbsp;{channel.name}</span>
        </Button>
        {!channel.is_declared && (
          <Button size="compact-xs" variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
            Remove<span className="visually-hidden">&nbsp;{channel.name}</span>
          </Button>
        )}
      </td>
    </tr>
  );
}
