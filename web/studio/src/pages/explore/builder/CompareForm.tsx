import type { CompareQuestion } from "../../../api/generated";
import type { Offered } from "./Builder";
import css from "./Builder.module.css";
import { FieldChoice, OneOf, Typed } from "./Choices";
import { EventChoice } from "./EventChoice";
import { KnownValue } from "./KnownValue";

const PER = { visitor: "Visitors", user: "Users" } as const;

type Props = { readonly question: CompareQuestion; readonly offered: Offered; readonly onChange: (question: CompareQuestion) => void };

export function CompareForm({ question, offered, onChange }: Props) {
  return (
    <>
      <FieldChoice label="Which variant says" none="Choose a field" value={question.variant} fields={offered.fields} onChange={(variant) => onChange({ ...question, variant })} />
      <p className={css.part}>of the first</p>
      <EventChoice label="Exposure event" value={question.exposure ?? {}} names={offered.names} fields={offered.fields} onChange={(exposure) => onChange({ ...question, exposure })} />
      <p className={css.part}>Goal</p>
      <EventChoice label="Goal event" any="Choose an event" value={question.goal} names={offered.names} fields={offered.fields} onChange={(goal) => onChange({ ...question, goal })} />
      <div className={css.two}>
        <KnownValue
          key={question.variant}
          label="Control"
          description="Empty: the largest"
          field={question.variant}
          value={question.control ?? ""}
          onChange={(control) => onChange({ ...question, control: control || null })}
        />
        <Typed
          label="Smallest change worth it"
          description="As a share: 0.05 is 5 %"
          value={String(question.effect_min ?? 0.05)}
          onChange={(text) => {
            const effect_min = Number(text);
            if (effect_min > 0) onChange({ ...question, effect_min });
          }}
        />
        <OneOf label="Counted" value={question.per ?? "visitor"} options={PER} onChange={(per) => onChange({ ...question, per })} />
      </div>
    </>
  );
}
