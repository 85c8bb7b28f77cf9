import type { LifecycleQuestion } from "../../../api/generated";
import type { Offered } from "./Builder";
import css from "./Builder.module.css";
import { OneOf } from "./Choices";
import { EventChoice } from "./EventChoice";

const UNITS = { day: "Day", week: "Week", month: "Month" } as const;
const PER = { visitor: "Visitors", user: "Users" } as const;

type Props = { readonly question: LifecycleQuestion; readonly offered: Offered; readonly onChange: (question: LifecycleQuestion) => void };

export function LifecycleForm({ question, offered, onChange }: Props) {
  return (
    <>
      <p className={css.part}>Somebody is there who did</p>
      <EventChoice label="Active event" value={question.active ?? {}} names={offered.names} fields={offered.fields} onChange={(active) => onChange({ ...question, active })} />
      <div className={css.two}>
        <OneOf label="Unit" value={question.unit ?? "week"} options={UNITS} onChange={(unit) => onChange({ ...question, unit })} />
        <OneOf label="Counted" value={question.per ?? "visitor"} options={PER} onChange={(per) => onChange({ ...question, per })} />
      </div>
    </>
  );
}
