import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { Exclusion, FunnelQuestion, Selector } from "../../../api/generated";
import { ADDS, LIST } from "../../../components/removed";
import type { Offered } from "./Builder";
import css from "./Builder.module.css";
import { OneOf, Typed, WholeNumber } from "./Choices";
import { EventChoice, ListTools, moved, replaced } from "./EventChoice";

const STEPS_MAX = 20;
const EXCLUSIONS_MAX = 5;
const ORDERS = { ordered: "In this order", strict: "With nothing in between", any: "In any order" } as const;
const PER = { visitor: "Visitors", user: "Users", session: "Sessions" } as const;
const TREND = { none: "None", hour: "By hour", day: "By day", week: "By week", month: "By month" } as const;
const STEP_TIMES = { no: "Not shown", yes: "Shown" } as const;
const BY_STEP = { first: "The first step", each: "Each step, the same value" } as const;

type Props = { readonly question: FunnelQuestion; readonly offered: Offered; readonly onChange: (question: FunnelQuestion) => void };

export function FunnelForm({ question, offered, onChange }: Props) {
  const { steps } = question;
  const drag = (at: number) => ({ list: "steps", onDrop: (from: number) => change(moved(steps, from, at)) });
  const change = (changed: readonly Selector[]) => onChange({ ...question, steps: changed });
  return (
    <>
      <p className={css.part}>Steps</p>
      <div className={css.list} {...LIST}>
        <div className={css.steps}>
          {steps.map((step, at) => (
            <EventChoice
              // Its place is its name.
              // oxlint-disable-next-line react/no-array-index-key
              key={at}
              label={`Step ${at + 1}`}
              value={step}
              names={offered.names}
              fields={offered.fields}
              onChange={(selector) => change(replaced(steps, at, selector))}
              drag={drag(at)}
              tools={
                <ListTools
                  drag={drag(at)}
                  name={`step ${at + 1}`}
                  at={at}
                  count={steps.length}
                  least={2}
                  onMove={(to) => change(moved(steps, at, to))}
                  onRemove={() => change(steps.filter((_, place) => place !== at))}
                />
              }
            />
          ))}
        </div>
        {steps.length < STEPS_MAX && (
          <Button {...ADDS} variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => change([...steps, {}])}>
            Add a step
          </Button>
        )}
      </div>
      <div className={css.two}>
        <OneOf label="Order" value={question.order ?? "ordered"} options={ORDERS} onChange={(order) => onChange({ ...question, order, ...(order === "any" ? { step_times: false } : {}) })} />
        <Typed label="Within" description="30m, 24h, 7d" value={question.window ?? "7d"} onChange={(window) => onChange({ ...question, window })} />
        <OneOf label="Counted" value={question.per ?? "visitor"} options={PER} onChange={(per) => onChange({ ...question, per })} />
        <OneOf label="Trend" value={question.granularity ?? "none"} options={TREND} onChange={(unit) => onChange({ ...question, granularity: unit === "none" ? null : unit })} />
        {question.order !== "any" && (
          <OneOf label="Time of each step" value={question.step_times ? "yes" : "no"} options={STEP_TIMES} onChange={(chosen) => onChange({ ...question, step_times: chosen === "yes" })} />
        )}
        {(question.by ?? []).length > 0 && (
          <OneOf label="Broken down at" value={question.by_step ?? "first"} options={BY_STEP} onChange={(by_step) => onChange({ ...question, by_step })} />
        )}
      </div>
      <Exclusions question={question} offered={offered} onChange={onChange} />
    </>
  );
}

function Exclusions({ question, offered, onChange }: Props) {
  const exclude = question.exclude ?? [];
  // It stays open when the last one goes: where the focus is.
  const [isOpen, setIsOpen] = useState(exclude.length > 0);
  const change = (changed: readonly Exclusion[]) => onChange({ ...question, exclude: changed });
  return (
    <details className={css.more} open={isOpen || exclude.length > 0} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>Without those who did</summary>
      <div className={css.inner} {...LIST}>
        {exclude.map((one, at) => (
          <EventChoice
            // Its place is its name.
            // oxlint-disable-next-line react/no-array-index-key
            key={at}
            label={`Excluded event ${at + 1}`}
            value={one}
            names={offered.names}
            fields={offered.fields}
            onChange={(selector) => change(replaced(exclude, at, { ...one, ...selector }))}
            tools={
              <ListTools
                name={`excluded event ${at + 1}`}
                at={at}
                count={exclude.length}
                least={0}
                onMove={(to) => change(moved(exclude, at, to))}
                onRemove={() => change(exclude.filter((_, place) => place !== at))}
              />
            }
          >
            <div className={css.two}>
              <WholeNumber label="After step" value={one.after ?? 1} from={1} to={question.steps.length - 1} onChange={(after) => change(replaced(exclude, at, { ...one, after }))} />
              <WholeNumber label="Before step" value={one.before ?? question.steps.length} from={2} to={question.steps.length} onChange={(before) => change(replaced(exclude, at, { ...one, before }))} />
            </div>
          </EventChoice>
        ))}
        {exclude.length < EXCLUSIONS_MAX && (
          <Button {...ADDS} variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => change([...exclude, { event: offered.names[0] ?? null }])}>
            Add an excluded event
          </Button>
        )}
      </div>
    </details>
  );
}
