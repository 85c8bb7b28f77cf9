import { Button, MultiSelect, NumberInput, SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, failureText } from "../../../api/client";
import type { AlertBook } from "../../../api/generated";
import { SideDrawer } from "../../../components/SideDrawer";
import type { Clock } from "../../../format/format";
import { changeQuery } from "../../../router/query";
import { putRule, type Options } from "../api";
import { BackTestPanel } from "./BackTestPanel";
import css from "./RuleDetail.module.css";

type Props = { readonly isOpen: boolean; readonly book: AlertBook; readonly clock: Clock; readonly onClose: () => void };
type Kind = "session" | "metric" | "anomaly";
type Draft = Readonly<Record<string, string | number | readonly string[]>>;

const KINDS: { value: Kind; label: string }[] = [
  { value: "session", label: "Session" },
  { value: "metric", label: "Measure" },
  { value: "anomaly", label: "Unusual" },
];
const MEASURES = ["count", "rate", "ratio", "quantile", "value", "absence"];
const SESSION = ["when", "definition"];
const MEASURED = ["measure", "over", "of", "where", "window", "minimum"];
const OF: Record<Kind, readonly string[]> = {
  session: SESSION,
  metric: [...MEASURED, "above", "below"],
  anomaly: [...MEASURED, "deviations"],
};

/** What the draft says of a rule of this kind; what was left empty is left out. */
export function optionsOf(kind: Kind, draft: Draft): Options {
  const names = [...OF[kind], "channels", "cool_down"];
  const given = names.flatMap((name) => {
    const value = draft[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return { kind, ...Object.fromEntries(given) };
}

function problemsOf(error: Error): string {
  const isListed = error instanceof ApiError && error.failure.kind === "problem" && error.failure.problem.problems;
  return isListed && isListed.length > 0 ? isListed.join("\n") : failureText(error);
}

/** A rule to be: what it says, and when it would have fired, before it is armed. */
export function RuleForm({ isOpen, book, clock, onClose }: Props) {
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>("session");
  const [name, setName] = useState("");
  const [draft, setDraft] = useState<Draft>({ when: "duration_ms < 20000", window: "5m", measure: "count" });
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
  const options = optionsOf(kind, draft);
  const add = useMutation({
    mutationFn: () => putRule(name.trim(), options),
    onSuccess: () => {
      changeQuery({ add: "", rule: name.trim() }, "replace");
      return client.invalidateQueries({ queryKey: ["alerts"] });
    },
  });
  return (
    <SideDrawer isOpen={isOpen} title="Add a rule" closing="Close" size={560} onClose={onClose}>
      <form
        className={css.form}
        onSubmit={(submit) => {
          submit.preventDefault();
          add.mutate();
        }}
      >
        <TextInput label="Name" required value={name} onChange={(change) => setName(change.currentTarget.value)} />
        <SegmentedControl
          aria-label="What it is about"
          value={kind}
          onChange={(value) => setKind(KINDS.find((one) => one.value === value)?.value ?? "session")}
          data={KINDS}
        />
        {kind === "session" ? (
          <>
            <Textarea label="Condition" description="SQL over the columns of sessions" autosize minRows={2} {...text("when")} />
            <Select label="Session definition" placeholder="the default" clearable data={[...book.definitions]} value={String(draft.definition ?? "") || null} onChange={set("definition")} />
          </>
        ) : (
          <>
            <Select label="Measure" data={MEASURES} value={String(draft.measure ?? "count")} onChange={set("measure")} />
            <Select label="Over" data={["events", "sessions"]} value={String(draft.over ?? "events")} onChange={set("over")} />
            <TextInput label="Of" description="SQL expression, for ratio, quantile and value" {...text("of")} />
            <TextInput label="Where" description="SQL condition: which rows are measured" {...text("where")} />
            <TextInput label="Window" {...text("window")} />
            {kind === "metric" ? (
              <>
                <NumberInput label="Above" {...number("above")} />
                <NumberInput label="Below" {...number("below")} />
              </>
            ) : (
              <NumberInput label="Deviations" placeholder="5" {...number("deviations")} />
            )}
            <NumberInput label="At least so many rows" min={0} {...number("minimum")} />
          </>
        )}
        <MultiSelect label="Channels" data={book.channels.map((one) => one.name)} value={[...channelsIn(draft)]} onChange={set("channels")} />
        <TextInput label="Cool-down" placeholder="0s" description="Tell nobody again for so long" {...text("cool_down")} />
        {add.error && (
          <p className={css.problem} role="alert">
            {problemsOf(add.error)}
          </p>
        )}
        <div className={css.actions}>
          <Button type="submit" size="xs" loading={add.isPending} disabled={name.trim() === ""}>
            Arm it
          </Button>
          <Button size="xs" variant="default" disabled={name.trim() === ""} onClick={() => setTested(options)}>
            Test it first
          </Button>
        </div>
        {tested && <BackTestPanel name={name.trim()} options={tested} clock={clock} />}
      </form>
    </SideDrawer>
  );
}

function channelsIn(draft: Draft): readonly string[] {
  const { channels } = draft;
  return typeof channels === "object" ? channels : [];
}
