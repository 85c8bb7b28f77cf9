import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { AttributionQuestion, Selector } from "../../../api/generated";
import { ADDS, LIST } from "../../../components/removed";
import type { Offered } from "./Builder";
import css from "./Builder.module.css";
import { FieldChoice, OneOf, Typed } from "./Choices";
import { EventChoice, ListTools, moved, replaced } from "./EventChoice";

const TOUCHES_MAX = 10;
const MODELS = { first: "First touch", last: "Last touch", linear: "Linear", position: "By position", time_decay: "Time decay", markov: "Markov" } as const;
const PER = { visitor: "Visitors", user: "Users" } as const;
const POINTS = { field: "Sessions, by a field", touches: "Events" } as const;

type Props = { readonly question: AttributionQuestion; readonly offered: Offered; readonly onChange: (question: AttributionQuestion) => void };

export function AttributionForm({ question, offered, onChange }: Props) {
  const touches = question.touches ?? [];
  const change = (changed: readonly Selector[]) => onChange({ ...question, field: null, touches: changed });
  return (
    <>
      <p className={css.part}>Goal</p>
      <EventChoice label="Goal event" any="Choose an event" value={question.goal} names={offered.names} fields={offered.fields} onChange={(goal) => onChange({ ...question, goal })} />
      <div className={css.two}>
        <OneOf
          label="Touch points are"
          value={touches.length > 0 ? "touches" : "field"}
          options={POINTS}
          onChange={(chosen) => onChange(chosen === "field" ? { ...question, touches: [], field: "source" } : { ...question, field: null, touches: [{ event: offered.names[0] ?? null }] })}
        />
        {touches.length === 0 && <FieldChoice label="Field" none="Choose" value={question.field ?? ""} fields={offered.fields} onChange={(field) => onChange({ ...question, field: field || null })} />}
      </div>
      {touches.length > 0 && (
        <div className={css.steps} {...LIST}>
          {touches.map((touch, at) => (
            <EventChoice
              // Its place is its name.
              // oxlint-disable-next-line react/no-array-index-key
              key={at}
              label={`Touch point ${at + 1}`}
              value={touch}
              names={offered.names}
              fields={offered.fields}
              onChange={(selector) => change(replaced(touches, at, selector))}
              tools={
                <ListTools
                  name={`touch point ${at + 1}`}
                  at={at}
                  count={touches.length}
                  least={1}
                  onMove={(to) => change(moved(touches, at, to))}
                  onRemove={() => change(touches.filter((_, place) => place !== at))}
                />
              }
            />
          ))}
          {touches.length < TOUCHES_MAX && (
            <Button {...ADDS} variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => change([...touches, { event: offered.names[0] ?? null }])}>
              Add a touch point
            </Button>
          )}
        </div>
      )}
      <div className={css.two}>
        <OneOf label="Credit" value={question.model ?? "last"} options={MODELS} onChange={(model) => onChange({ ...question, model })} />
        <Typed label="Within" description="Before the goal: 30d" value={question.window ?? "30d"} onChange={(window) => onChange({ ...question, window })} />
        {question.model === "time_decay" && <Typed label="Half-life" value={question.half_life ?? "7d"} onChange={(half_life) => onChange({ ...question, half_life })} />}
        <FieldChoice label="Worth" none="One each" value={question.value ?? ""} fields={offered.fields} onChange={(value) => onChange({ ...question, value: value || null })} />
        <OneOf label="Counted" value={question.per ?? "visitor"} options={PER} onChange={(per) => onChange({ ...question, per })} />
      </div>
    </>
  );
}
