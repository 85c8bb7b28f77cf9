import { NativeSelect } from "@mantine/core";
import type { ReactNode } from "react";
import type { SegmentRule, Sequence } from "../../../api/generated";
import { FilterBar } from "../../../components/filters/FilterBar";
import { nodesOf, whereOf } from "../../../components/filters/wire";
import { ADDS, LIST, PART } from "../../../components/removed";
import { OneOf, Typed } from "../../explore/builder/Choices";
import { EventChoice, ListTools, moved, replaced } from "../../explore/builder/EventChoice";
import css from "../Segments.module.css";
import { DidForm } from "./DidForm";
import { RangeChoice } from "./RangeChoice";
import { FORMS, formOf, type Offered, ruleOf } from "./rules";

type Props = { readonly number: number; readonly rule: SegmentRule; readonly offered: Offered; readonly tools: ReactNode; readonly onChange: (rule: SegmentRule) => void };

const WHICH = { last: "Last value", first: "First value", any: "Any value ever" } as const;
const ORDERS = { ordered: "In this order", strict: "With nothing in between", any: "In any order" } as const;
const STEPS_MAX = 10;

/** One rule: its form, and what belongs to it. */
export function RuleLeaf({ number, rule, offered, tools, onChange }: Props) {
  const form = formOf(rule);
  return (
    <fieldset className={css.leaf} {...PART} aria-label={`Rule ${number}`}>
      <div className={css.row}>
        {form === "behind" ? (
          <span>Is behind a number</span>
        ) : (
          <NativeSelect
            size="xs"
            aria-label={`Form of rule ${number}`}
            value={form}
            onChange={(change) => {
              const next = Object.keys(FORMS).find((name): name is keyof typeof FORMS => name === change.currentTarget.value);
              if (next) onChange(changed(rule, next, offered));
            }}
            data={Object.entries(FORMS).map(([value, label]) => ({ value, label }))}
          />
        )}
        {tools}
      </div>
      <Body number={number} rule={rule} offered={offered} onChange={onChange} />
    </fieldset>
  );
}

/** Another form; done and not done keep what they are about. */
function changed(rule: SegmentRule, next: keyof typeof FORMS, offered: Offered): SegmentRule {
  const did = rule.did ?? rule.none?.[0]?.did;
  if (did && next === "did") return { did };
  if (did && next === "did_not") return { none: [{ did: { ...did, times: { op: "gte", value: 1 } } }] };
  return ruleOf(next, offered);
}

function Body({ number, rule, offered, onChange }: Omit<Props, "tools">) {
  const inner = rule.none?.[0]?.did;
  if (inner) return <DidForm number={number} did={inner} isNot offered={offered} onChange={(did) => onChange({ none: [{ did }] })} />;
  if (rule.did) return <DidForm number={number} did={rule.did} offered={offered} onChange={(did) => onChange({ did })} />;
  if (rule.sequence) return <Steps number={number} sequence={rule.sequence} offered={offered} onChange={(sequence) => onChange({ sequence })} />;
  if (rule.has) return <Value rule={rule} offered={offered} onChange={onChange} />;
  if (rule.behind) return <p className={css.note}>Of a {rule.behind.model} question, which was saved from Explore.</p>;
  return (
    <NativeSelect
      size="xs"
      label="Segment"
      value={rule.segment ?? ""}
      onChange={(change) => onChange({ segment: change.currentTarget.value })}
      data={offered.segments.length > 0 ? offered.segments.map(({ name, title }) => ({ value: name, label: title })) : [{ value: "", label: "There is no other segment" }]}
    />
  );
}

function Value({ rule, offered, onChange }: Pick<Props, "rule" | "offered" | "onChange">) {
  const { has } = rule;
  if (!has) return null;
  const fields = offered.fields.filter(({ kind }) => kind !== "segment");
  const filters = nodesOf({ field: has.field, op: has.op ?? "is", value: has.value ?? null });
  return (
    <>
      <FilterBar
        isSingle
        fields={fields}
        filters={filters}
        onChange={(next) => {
          const made = whereOf(next, fields);
          if (made?.field) onChange({ has: { ...has, field: made.field, op: made.op ?? "is", value: made.value ?? null } });
        }}
      />
      <div className={css.two}>
        <OneOf label="Which" value={has.which ?? "last"} options={WHICH} onChange={(which) => onChange({ has: { ...has, which } })} />
        <RangeChoice range={has.range ?? null} onChange={(range) => onChange({ has: { ...has, range } })} />
      </div>
    </>
  );
}

function Steps({ number, sequence, offered, onChange }: { readonly number: number; readonly sequence: Sequence; readonly offered: Offered; readonly onChange: (sequence: Sequence) => void }) {
  const { steps } = sequence;
  const set = (next: Sequence["steps"]) => onChange({ ...sequence, steps: next });
  return (
    <>
      <div className={css.stack} {...LIST}>
      {steps.map((step, at) => (
        <EventChoice
          // Its place is its name.
          // oxlint-disable-next-line react/no-array-index-key
          key={at}
          label={`Step ${at + 1} of rule ${number}`}
          value={step}
          names={offered.names}
          fields={offered.fields}
          onChange={(next) => set(replaced(steps, at, next))}
          tools={<ListTools name={`step ${at + 1}`} at={at} count={steps.length} least={2} onMove={(to) => set(moved(steps, at, to))} onRemove={() => set(steps.filter((_, place) => place !== at))} />}
        />
      ))}
      {steps.length < STEPS_MAX && (
        <button {...ADDS} type="button" className={css.open} onClick={() => set([...steps, {}])}>
          Add a step
        </button>
      )}
      </div>
      <div className={css.two}>
        <OneOf label="Order" value={sequence.order ?? "ordered"} options={ORDERS} onChange={(order) => onChange({ ...sequence, order })} />
        <Typed label="Within" value={sequence.window ?? "7d"} onChange={(window) => onChange({ ...sequence, window })} />
        <RangeChoice range={sequence.range ?? null} onChange={(range) => onChange({ ...sequence, range })} />
      </div>
    </>
  );
}
