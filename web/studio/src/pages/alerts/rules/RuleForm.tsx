import "@mantine/core/styles/Combobox.css";
import "@mantine/core/styles/NumberInput.css";
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import { Button, MultiSelect, NumberInput, SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, failureText } from "../../../api/client";
import type { AlertBook, RuleView } from "../../../api/generated";
import { SideDrawer } from "../../../components/SideDrawer";
import type { Clock } from "../../../format/format";
import { changeQuery } from "../../../router/query";
import { changeRule, putRule, type Options } from "../api";
import { BackTestPanel } from "./BackTestPanel";
import css from "./RuleDetail.module.css";
import { spanOf } from "./words";

type Props = {
  readonly isOpen: boolean;
  /** The one to change; null: a new one. */
  readonly rule: RuleView | null;
  readonly book: AlertBook;
  /** Ids of apps. */
  readonly apps: readonly string[];
  readonly clock: Clock;
  readonly onClose: () => void;
};
type Kind = "session" | "metric" | "anomaly";
type Draft = Readonly<Record<string, string | number | readonly string[]>>;

const KINDS: { value: Kind; label: string }[] = [
  { value: "session", label: "Session" },
  { value: "metric", label: "Measure" },
  { value: "anomaly", label: "Unusual" },
];
const MEASURES = ["count", "rate", "ratio", "quantile", "value", "absence"];
const SESSION = ["when", "definition"];
const MEASURED = ["measure", "over", "of", "quantile", "where", "window", "every", "minimum"];
const COMMON = ["app", "channels", "cool_down"];
/** Measures that are of an expression. */
const NEED_OF = new Set(["ratio", "quantile", "value"]);
const NEW: Draft = { when: "duration_ms < 20000", window: "5m", measure: "count" };
const OF: Record<Kind, readonly string[]> = {
  session: SESSION,
  metric: [...MEASURED, "above", "below"],
  anomaly: [...MEASURED, "deviations", "weeks", "direction", "time_zone"],
};

/** What the draft says of a rule of this kind; what was left empty is left out. */
export function optionsOf(kind: Kind, draft: Draft): Options {
  const given = namesOf(kind, draft).flatMap((name) => {
    const value = draft[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return { kind, ...Object.fromEntries(given) };
}

/** What a change says: all that the form shows, and null for what was emptied. */
export function changesOf(kind: Kind, draft: Draft): Options {
  const emptied = [...OF[kind], ...COMMON].map((name) => [name, null] as const);
  return { ...Object.fromEntries(emptied), ...optionsOf(kind, draft) };
}

/** A rule as the form has it. */
export function draftOf({ options }: RuleView): Draft {
  const shown: Record<string, string | number | readonly string[]> = {};
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === "string" || typeof value === "number") shown[name] = value;
    if (Array.isArray(value)) shown[name] = value.map(String);
  }
  return shown;
}

/** Options that this kind, and this measure, can be told. */
function namesOf(kind: Kind, draft: Draft): readonly string[] {
  const measure = String(draft.measure ?? "count");
  const isLeftOut = (name: string) =>
    (name === "of" && !NEED_OF.has(measure)) ||
    (name === "quantile" && measure !== "quantile") ||
    (["above", "below", "minimum"].includes(name) && measure === "absence");
  return [...OF[kind].filter((name) => kind === "session" || !isLeftOut(name)), ...COMMON];
}

function kindOf(text: string): Kind {
  return KINDS.find((one) => one.value === text)?.value ?? "session";
}

const OF_WORDS: Readonly<Record<string, string>> = {
  ratio: "SQL condition: the share of rows that it is true of",
  quantile: "SQL expression, such as duration_ms",
  value: "SQL aggregate, such as count(DISTINCT visitor_id)",
};

function problemsOf(error: Error): string {
  const isListed = error instanceof ApiError && error.failure.kind === "problem" && error.failure.problem.problems;
  return isListed && isListed.length > 0 ? isListed.join("\n") : failureText(error);
}

/** A rule to be: what it says, and when it would have fired, before it is armed. */
export function RuleForm({ isOpen, rule, book, apps, clock, onClose }: Props) {
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>(kindOf(rule?.kind ?? ""));
  const [name, setName] = useState(rule?.name ?? "");
  const [draft, setDraft] = useState<Draft>(rule ? draftOf(rule) : NEW);
  const [tested, setTested] = useState<Options | null>(null);
  const set = (option: string) => (value: string | number | readonly string[] | null) =>
    setDraft((before) => ({ ...before, [option]: value ?? "" }));
  const text = (option: string) => ({
    value: String(draft[option] ?? ""),
    onChange: (change: { readonly currentTarget: { readonly value: string } }) => set(option)(change.currentTarget.value),
  });
  const number = (option: string) => {
    const value = draft[option];
    return { value: typeof value === "number" ? value : "", onChange: set(option) };
  };
  const measure = String(draft.measure ?? "count");
  const options = optionsOf(kind, draft);
  const add = useMutation({
    mutationFn: () => (rule ? changeRule(rule.name, changesOf(kind, draft)) : putRule(name.trim(), options)),
    onSuccess: () => {
      changeQuery({ add: "", rule: name.trim() }, "replace");
      return client.invalidateQueries({ queryKey: ["alerts"] });
    },
  });
  return (
    <SideDrawer isOpen={isOpen} title={rule ? `Change ${rule.name}` : "Add a rule"} closing="Close" size={560} onClose={onClose}>
      <form
        className={css.form}
        onSubmit={(submit) => {
          submit.preventDefault();
          add.mutate();
        }}
      >
        <TextInput label="Name" required disabled={rule !== null} value={name} onChange={(change) => setName(change.currentTarget.value)} />
        <SegmentedControl
          aria-label="What it is about"
          value={kind}
          onChange={(value) => setKind(kindOf(value))}
          data={KINDS}
        />
        {kind === "session" ? (
          <>
            <Textarea label="Condition" description="SQL over the columns of sessions" autosize minRows={2} {...text("when")} />
            <Select label="Session definition" placeholder="the default" clearable data={[...book.definitions]} value={String(draft.definition ?? "") || null} onChange={set("definition")} />
          </>
        ) : (
          <>
            <Select label="Measure" data={kind === "anomaly" ? MEASURES.slice(0, -1) : MEASURES} value={measure} onChange={set("measure")} />
            <Select label="Over" data={["events", "sessions"]} value={String(draft.over ?? "events")} onChange={set("over")} />
            {NEED_OF.has(measure) && <TextInput label="Of" description={OF_WORDS[measure]} {...text("of")} />}
            {measure === "quantile" && <NumberInput label="Quantile" placeholder="0.95" min={0} max={1} step={0.05} {...number("quantile")} />}
            <TextInput label="Where" description="SQL condition: which rows are measured" {...text("where")} />
            <TextInput label="Window" description="Such as 5m or 1h" {...text("window")} />
            {kind === "metric" && measure !== "absence" && (
              <>
                <NumberInput label="Above" {...number("above")} />
                <NumberInput label="Below" {...number("below")} />
              </>
            )}
            {kind === "anomaly" && (
              <>
                <NumberInput label="Deviations" description="How far from the same hour of past weeks" placeholder="5" {...number("deviations")} />
                <Select label="Direction" data={["both", "up", "down"]} value={String(draft.direction ?? "both")} onChange={set("direction")} />
                <TextInput label="Time zone" description="By whose clock an hour is the same" placeholder="the app's" {...text("time_zone")} />
              </>
            )}
            {measure !== "absence" && <NumberInput label="At least so many rows" min={0} {...number("minimum")} />}
          </>
        )}
        <Select label="App" placeholder="all together" clearable data={[...apps]} value={String(draft.app ?? "") || null} onChange={set("app")} />
        <MultiSelect label="Channels" data={book.channels.map((one) => one.name)} value={[...channelsIn(draft)]} onChange={set("channels")} />
        <TextInput label="Cool-down" placeholder="0s" description="Tell nobody again for so long" {...text("cool_down")} />
        {add.error && (
          <p className={css.problem} role="alert">
            {problemsOf(add.error)}
          </p>
        )}
        <div className={css.actions}>
          <Button type="submit" size="xs" loading={add.isPending} disabled={name.trim() === ""}>
            {rule ? "Change it" : "Arm it"}
          </Button>
          <Button size="xs" variant="default" disabled={name.trim() === ""} onClick={() => setTested(options)}>
            Test it first
          </Button>
        </div>
        {tested && <BackTestPanel name={name.trim()} options={tested} span={spanOf(tested.kind, tested)} clock={clock} />}
      </form>
    </SideDrawer>
  );
}

function channelsIn(draft: Draft): readonly string[] {
  const { channels } = draft;
  return typeof channels === "object" ? channels : [];
}
