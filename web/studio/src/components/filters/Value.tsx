import "@mantine/core/styles/Combobox.css";
import "@mantine/core/styles/Pill.css";
import "@mantine/core/styles/PillsInput.css";
import { Autocomplete, MultiSelect, NativeSelect, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import css from "./FilterBar.module.css";
import { type Field, type Operator, takesMany } from "./filters";
import { useKnownValues } from "./useKnownValues";
import type { ValueSource } from "./values";

type Props = {
  readonly field: Field;
  readonly operator: Operator;
  readonly values: readonly string[];
  readonly source: ValueSource | null;
  readonly onChange: (values: readonly string[]) => void;
};

const INSIDE = { withinPortal: false } as const;
const HINT_OF_TIME = "With its zone, as 2026-11-24T12:00:00Z";

/** What a condition compares with: chosen where there are few, else typed, with what the data has offered. */
export function Value({ field, operator, values, source, onChange }: Props) {
  const { kind, choices } = field;
  const [first = "", second = ""] = values;
  if (choices && takesMany(operator)) {
    return <MultiSelect size="xs" label="Value" searchable comboboxProps={INSIDE} value={[...values]} onChange={onChange} data={[...choices]} />;
  }
  if (choices) return <Few value={first} choices={choices} onChange={(value) => onChange([value])} />;
  if (kind === "boolean") return <Few value={first === "false" ? "false" : "true"} choices={YES_NO} onChange={(value) => onChange([value])} />;
  if (operator === "between") {
    return (
      <div className={css.two}>
        <TextInput size="xs" label="From" value={first} onChange={(change) => onChange([change.currentTarget.value, second])} />
        <TextInput size="xs" label="To" value={second} onChange={(change) => onChange([first, change.currentTarget.value])} />
      </div>
    );
  }
  if (takesMany(operator)) return <Several field={field} values={values} source={source} onChange={onChange} />;
  return <One field={field} value={first} source={source} onChange={(value) => onChange([value])} />;
}

const YES_NO = [
  { value: "true", label: "Yes" },
  { value: "false", label: "No" },
] as const;

type FewProps = { readonly value: string; readonly choices: readonly { readonly value: string; readonly label: string }[]; readonly onChange: (value: string) => void };

function Few({ value, choices, onChange }: FewProps) {
  return <NativeSelect size="xs" label="Value" value={value} onChange={(change) => onChange(change.currentTarget.value)} data={[...choices]} />;
}

type OneProps = Pick<Props, "field" | "source"> & { readonly value: string; readonly onChange: (value: string) => void };

function One({ field, value, source, onChange }: OneProps) {
  const known = useKnownValues(field, value, source);
  if (source === null || field.kind !== "text") {
    return <TextInput size="xs" label="Value" description={field.kind === "time" && HINT_OF_TIME} value={value} onChange={(change) => onChange(change.currentTarget.value)} />;
  }
  // What is typed to its end has nothing left to offer, and a list of it alone covers what is pressed next.
  const offered = known.length === 1 && known[0] === value.trim() ? [] : known;
  return <Autocomplete size="xs" label="Value" comboboxProps={INSIDE} value={value} onChange={onChange} data={offered} filter={asTheyAre} />;
}

function Several({ field, values, source, onChange }: Omit<Props, "operator">) {
  const [text, setText] = useState("");
  const known = useKnownValues(field, text, source);
  return (
    <TagsInput
      size="xs"
      label="Value"
      description="Several: Enter after each, or commas"
      comboboxProps={INSIDE}
      splitChars={[","]}
      value={[...values]}
      onChange={onChange}
      searchValue={text}
      onSearchChange={setText}
      data={known.filter((one) => !values.includes(one))}
      filter={asTheyAre}
    />
  );
}

/** The server has chosen already. */
function asTheyAre<T>({ options }: { readonly options: T }): T {
  return options;
}
