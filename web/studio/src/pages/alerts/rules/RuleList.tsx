import type { RuleView } from "../../../api/generated";
import { Section } from "../../../components/Section";
import type { Clock } from "../../../format/format";
import css from "./RuleList.module.css";
import { saidOf } from "./words";

type Props = {
  readonly rules: readonly RuleView[];
  readonly chosen: string;
  readonly clock: Clock;
  readonly onChoose: (name: string) => void;
};

/** All rules; the chosen one stands beside the list. */
export function RuleList({ rules, chosen, clock, onChoose }: Props) {
  return (
    <Section title="Rules">
      <ul className={css.list} aria-label="Rules">
        {rules.map((rule) => (
          <li key={rule.name}>
            <button type="button" className={css.rule} aria-pressed={rule.name === chosen} onClick={() => onChoose(rule.name)}>
              <span className={css.name}>{rule.name}</span>
              <span className={css.said}>{saidOf(rule)}</span>
              {rule.options.enabled === false && <span className={css.note}>not armed</span>}
              {rule.muted_until > 0 && <span className={css.note}>muted until {clock.full(rule.muted_until).slice(0, -4)}</span>}
              {rule.problem !== "" && <span className={css.problem}>{rule.problem}</span>}
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
