import type { Anchor, Did, Times } from "../../../api/generated";
import { TIMES_OPERATORS } from "../../../components/filters/filters";
import { OperatorChoice } from "../../../components/filters/OperatorChoice";
import { FieldChoice, OneOf, Typed } from "../../explore/builder/Choices";
import { EventChoice } from "../../explore/builder/EventChoice";
import css from "../Segments.module.css";
import { RangeChoice } from "./RangeChoice";
import type { Offered } from "./rules";

type Props = { readonly number: number; readonly did: Did; readonly isNot?: boolean; readonly offered: Offered; readonly onChange: (did: Did) => void };

const MEASURES = { times: "How often", days: "On how many days", sum: "Sum of a field", distinct: "Different values" } as const;
const BESIDE = { "": "At any time", after: "After", before: "Before" } as const;
const WHICH = { first: "their first", last: "their last" } as const;

/** What was done, how often, when, and before or after what. */
export function DidForm({ number, did, isNot = false, offered, onChange }: Props) {
  const side = did.after ? "after" : did.before ? "before" : "";
  const anchor = did.after ?? did.before;
  const beside = (next: "" | "after" | "before", value: Anchor) => {
    const { after: _after, before: _before, ...rest } = did;
    onChange(next === "" ? rest : { ...rest, [next]: value });
  };
  return (
    <>
      <EventChoice
        label={`Event of rule ${number}`}
        value={{ event: did.event ?? null, where: did.where ?? null }}
        names={offered.names}
        fields={offered.fields}
        onChange={({ event, where }) => onChange({ ...did, event: event ?? null, where: where ?? null })}
      />
      {!isNot && <Often did={did} offered={offered} onChange={onChange} />}
      <div className={css.two}>
        <RangeChoice range={did.range ?? null} onChange={(range) => onChange({ ...did, range })} />
        <OneOf label="Beside another event" value={side} options={BESIDE} onChange={(next) => beside(next, anchor ?? { event: offered.names[0] ?? null })} />
      </div>
      {anchor && side && (
        <EventChoice label={`Other event of rule ${number}`} value={{ event: anchor.event ?? null, where: anchor.where ?? null }} names={offered.names} fields={offered.fields} onChange={({ event, where }) => beside(side, { ...anchor, event: event ?? null, where: where ?? null })}>
          <div className={css.two}>
            <OneOf label="Which of them" value={anchor.which ?? "first"} options={WHICH} onChange={(which) => beside(side, { ...anchor, which })} />
            <Typed label="At most so far away" description="1d, 2h; empty: any" value={anchor.within ?? ""} onChange={(within) => beside(side, { ...anchor, within: within.trim() || null })} />
          </div>
        </EventChoice>
      )}
    </>
  );
}

function Often({ did, offered, onChange }: Omit<Props, "number" | "isNot">) {
  const measure = did.measure ?? "times";
  const times: Times = did.times ?? { op: "gte", value: 1 };
  const takesField = measure === "sum" || measure === "distinct";
  const numbers = measure === "sum" ? offered.fields.filter(({ name, kind }) => kind === "number" || name.startsWith("properties.")) : offered.fields.filter(({ kind }) => kind !== "segment");
  const set = (name: "value" | "to", text: string) => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number) && number >= 0) onChange({ ...did, times: { ...times, [name]: number } });
  };
  return (
    <>
      <div className={css.two}>
        <OneOf
          label="Counted"
          value={measure}
          options={MEASURES}
          onChange={(next) => {
            const needsField = next === "sum" || next === "distinct";
            onChange({ ...did, measure: next, of: needsField ? (did.of ?? numbers[0]?.name ?? "value") : null, range: did.range ?? (next === "days" ? { last: 30, unit: "day" } : null) });
          }}
        />
        {takesField && <FieldChoice label="Field" none="Choose one" value={did.of ?? ""} fields={numbers} onChange={(of) => onChange({ ...did, of })} />}
      </div>
      <div className={css.two}>
        <OperatorChoice
          label="Is"
          operators={TIMES_OPERATORS}
          value={times.op ?? "gte"}
          onChange={(op) => onChange({ ...did, times: op === "between" ? { op, value: times.value ?? 1, to: Math.max(times.value ?? 1, times.to ?? 0) } : { op, value: times.value ?? 1 } })}
        />
        <Typed label="Number" value={String(times.value ?? 1)} onChange={(text) => set("value", text)} />
        {times.op === "between" && <Typed label="And" value={String(times.to ?? times.value ?? 1)} onChange={(text) => set("to", text)} />}
      </div>
    </>
  );
}
