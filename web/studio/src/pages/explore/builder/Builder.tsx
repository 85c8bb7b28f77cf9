import { NativeSelect } from "@mantine/core";
import { FilterBar } from "../../../components/filters/FilterBar";
import type { Field } from "../../../components/filters/filters";
import { nodesOf, whereOf } from "../../../components/filters/wire";
import { type Asked, type Common } from "../state/question";
import { AttributionForm } from "./AttributionForm";
import css from "./Builder.module.css";
import { FieldChoice } from "./Choices";
import { CompareForm } from "./CompareForm";
import { EventsForm } from "./EventsForm";
import { FunnelForm } from "./FunnelForm";
import { LifecycleForm } from "./LifecycleForm";
import { PathForm } from "./PathForm";
import { RetentionForm } from "./RetentionForm";

/** What the forms choose from. */
export type Offered = { readonly names: readonly string[]; readonly fields: readonly Field[] };

type Props = { readonly asked: Asked; readonly offered: Offered; readonly onChange: (asked: Asked) => void };

/** The question as a form: the model's own part, then what every question has. */
export function Builder({ asked, offered, onChange }: Props) {
  return (
    <section className={css.builder} aria-label="Question">
      <Form asked={asked} offered={offered} onChange={onChange} />
      <Shared common={asked.question} offered={offered} hasGroups={asked.model === "events" || asked.model === "funnel" || asked.model === "retention"} onChange={(common) => onChange(withCommon(asked, common))} />
    </section>
  );
}

function Form({ asked, offered, onChange }: Props) {
  switch (asked.model) {
    case "events":
      return <EventsForm question={asked.question} offered={offered} onChange={(question) => onChange({ model: "events", question })} />;
    case "funnel":
      return <FunnelForm question={asked.question} offered={offered} onChange={(question) => onChange({ model: "funnel", question })} />;
    case "path":
      return <PathForm question={asked.question} offered={offered} onChange={(question) => onChange({ model: "path", question })} />;
    case "retention":
      return <RetentionForm question={asked.question} offered={offered} onChange={(question) => onChange({ model: "retention", question })} />;
    case "lifecycle":
      return <LifecycleForm question={asked.question} offered={offered} onChange={(question) => onChange({ model: "lifecycle", question })} />;
    case "attribution":
      return <AttributionForm question={asked.question} offered={offered} onChange={(question) => onChange({ model: "attribution", question })} />;
    case "compare":
      return <CompareForm question={asked.question} offered={offered} onChange={(question) => onChange({ model: "compare", question })} />;
  }
}

/** The question with other shared options; each model by itself, so that the compiler knows its shape. */
export function withCommon(asked: Asked, common: Common): Asked {
  switch (asked.model) {
    case "events":
      return { model: asked.model, question: { ...asked.question, ...common } };
    case "funnel":
      return { model: asked.model, question: { ...asked.question, ...common } };
    case "path":
      return { model: asked.model, question: { ...asked.question, ...common } };
    case "retention":
      return { model: asked.model, question: { ...asked.question, ...common } };
    case "lifecycle":
      return { model: asked.model, question: { ...asked.question, ...common } };
    case "attribution":
      return { model: asked.model, question: { ...asked.question, ...common } };
    case "compare":
      return { model: asked.model, question: { ...asked.question, ...common } };
  }
}

const BY_MAX = 3;

type SharedProps = { readonly common: Common; readonly offered: Offered; readonly hasGroups: boolean; readonly onChange: (common: Common) => void };

function Shared({ common, offered, hasGroups, onChange }: SharedProps) {
  const by = common.by ?? [];
  return (
    <>
      <div>
        <p className={css.part}>Of all events, those where</p>
        <FilterBar hasGroups fields={offered.fields} filters={nodesOf(common.where)} onChange={(changed) => onChange({ where: whereOf(changed, offered.fields) })} />
      </div>
      {hasGroups &&
        [...by, ""].slice(0, BY_MAX).map((name, at) => (
          <FieldChoice
            // Its place is all that a breakdown has.
            // oxlint-disable-next-line react/no-array-index-key
            key={at}
            label={at === 0 ? "Broken down by" : "and by"}
            none="Nothing"
            value={name}
            fields={offered.fields}
            onChange={(chosen) => onChange({ by: [...by.slice(0, at), chosen, ...by.slice(at + 1)].filter(Boolean) })}
          />
        ))}
      {hasGroups && by.length > 0 && (
        <NativeSelect size="xs" label="Groups shown" value={String(common.top ?? 10)} onChange={(change) => onChange({ top: Number(change.currentTarget.value) })} data={["3", "5", "10", "20", "50", "100"]} />
      )}
    </>
  );
}
