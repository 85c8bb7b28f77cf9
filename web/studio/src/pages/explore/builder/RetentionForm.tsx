import type { RetentionQuestion } from "../../../api/generated";
import type { Offered } from "./Builder";
import css from "./Builder.module.css";
import { OneOf, WholeNumber } from "./Choices";
import { EventChoice } from "./EventChoice";

const UNITS = { day: "Day", week: "Week", month: "Month" } as const;
const MODES = { on: "In just that unit", on_or_after: "Then or later" } as const;
const PER = { visitor: "Visitors", user: "Users", session: "Sessions" } as const;

type Props = { readonly question: RetentionQuestion; readonly offered: Offered; readonly onChange: (question: RetentionQuestion) => void };

export function RetentionForm({ question, offered, onChange }: Props) {
  return (
    <>
      <p className={css.part}>Who did</p>
      <EventChoice label="Start event" value={question.start ?? {}} names={offered.names} fields={offered.fields} onChange={(start) => onChange({ ...question, start })} />
      <p className={css.part}>and came back with</p>
      <EventChoice label="Return event" value={question.back ?? {}} names={offered.names} fields={offered.fields} onChange={(back) => onChange({ ...question, back })} />
      <div className={css.two}>
        <OneOf label="Unit" value={question.unit ?? "day"} options={UNITS} onChange={(unit) => onChange({ ...question, unit })} />
        <WholeNumber label="Periods" value={question.periods ?? 7} from={1} to={60} onChange={(periods) => onChange({ ...question, periods })} />
        <OneOf label="Back" value={question.mode ?? "on"} options={MODES} onChange={(mode) => onChange({ ...question, mode })} />
        <OneOf label="Counted" value={question.per ?? "visitor"} options={PER} onChange={(per) => onChange({ ...question, per })} />
      </div>
    </>
  );
}
