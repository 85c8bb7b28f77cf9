import { FilterBar } from "../../../components/filters/FilterBar";
import type { Field } from "../../../components/filters/filters";
import { nodesOf, whereOf } from "../../../components/filters/wire";
import { type Asked, type Common } from "../state/question";
import { AttributionForm } from "./AttributionForm";
import { Breakdown } from "./Breakdown";
import css from "./Builder.module.css";
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
      <div>
        <p className={css.part}>Of all events, those where</p>
        <FilterBar hasGroups fields={offered.fields} filters={nodesOf(asked.question.where)} onChange={(changed) => onChange(withCommon(asked, { where: whereOf(changed, offered.fields) }))} />
      </div>
      <Breakdown
        by={asked.question.by ?? []}
        shown={shownGroups(asked)}
        fields={offered.fields}
        onBy={(by) => onChange(withCommon(asked, { by }))}
        onShown={(shown) => onChange(withShownGroups(asked, shown))}
      />
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

const GROUPS = 10;

/** How many groups it shows; what other models call `top` is the nodes of a path. */
export function shownGroups({ model, question }: Asked): number {
  return (model === "path" ? question.groups : question.top) ?? GROUPS;
}

export function withShownGroups(asked: Asked, shown: number): Asked {
  return asked.model === "path" ? { model: "path", question: { ...asked.question, groups: shown } } : withCommon(asked, { top: shown });
}
