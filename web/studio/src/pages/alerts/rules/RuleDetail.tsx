import "@mantine/core/styles/Menu.css";
import { Button, Menu } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { failureText } from "../../../api/client";
import type { RuleView } from "../../../api/generated";
import { Section } from "../../../components/Section";
import type { Clock } from "../../../format/format";
import { changeQuery } from "../../../router/query";
import { changeRule, muteRule, removeRule } from "../api";
import { BackTestPanel } from "./BackTestPanel";
import css from "./RuleDetail.module.css";
import { saidOf, spanOf } from "./words";

const MUTES = ["1h", "8h", "1d", "7d"];

type Props = { readonly rule: RuleView; readonly clock: Clock; readonly onChange: () => void };

/** One rule: its measure over the past, and what can be done with it. */
export function RuleDetail({ rule, clock, onChange }: Props) {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ["alerts"] });
  const mute = useMutation({ mutationFn: (duration: string) => muteRule(rule.name, duration), onSuccess: again });
  const remove = useMutation({
    mutationFn: () => removeRule(rule.name),
    onSuccess: () => {
      changeQuery({ rule: "" }, "replace");
      return again();
    },
  });
  const isArmed = rule.options.enabled !== false;
  const arm = useMutation({ mutationFn: () => changeRule(rule.name, { enabled: !isArmed }), onSuccess: again });
  const error = mute.error ?? remove.error ?? arm.error;
  return (
    <Section
      title={rule.name}
      aside={
        <div className={css.actions}>
          {rule.muted_until > 0 ? (
            <Button size="xs" variant="default" loading={mute.isPending} onClick={() => mute.mutate("0s")}>
              Unmute
            </Button>
          ) : (
            <Menu>
              <Menu.Target>
                <Button size="xs" variant="default" loading={mute.isPending}>
                  Mute
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {MUTES.map((span) => (
                  <Menu.Item key={span} onClick={() => mute.mutate(span)}>
                    for {span}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
          {!rule.is_declared && (
            <>
              <Button size="xs" variant="default" onClick={onChange}>
                Change
              </Button>
              <Button size="xs" variant="default" loading={arm.isPending} onClick={() => arm.mutate()}>
                {isArmed ? "Disarm" : "Arm"}
              </Button>
              <Button size="xs" variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                Remove
              </Button>
            </>
          )}
        </div>
      }
    >
      <p className={css.said}>
        Fires at {saidOf(rule)}
        {rule.is_declared && "; it is in the settings, and changes there"}.
      </p>
      {error && (
        <p className={css.problem} role="alert">
          {failureText(error)}
        </p>
      )}
      <BackTestPanel name={rule.name} options={null} span={spanOf(rule.kind, rule.options)} clock={clock} />
    </Section>
  );
}
