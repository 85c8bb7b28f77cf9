import { NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { Found } from "../../../components/Found";
import type { Field } from "../../../components/filters/filters";

type OneOfProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly options: Readonly<Record<T, string>>;
  readonly onChange: (value: T) => void;
};

/** One of a few words. */
export function OneOf<T extends string>({ label, value, options, onChange }: OneOfProps<T>) {
  const isOption = (text: string): text is T => Object.hasOwn(options, text);
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={value}
      onChange={(change) => {
        if (isOption(change.currentTarget.value)) onChange(change.currentTarget.value);
      }}
      data={Object.entries<string>(options).map(([name, shown]) => ({ value: name, label: shown }))}
    />
  );
}

type TypedProps = { readonly label: string; readonly value: string; readonly description?: string; readonly onChange: (value: string) => void };

// Mantine's own grey is too pale to read.
export const READABLE = { description: { color: "var(--muted)" } };

/** A text that counts when it is left or Enter is pressed, so that half of a word asks nothing. */
export function Typed({ label, value, description, onChange }: TypedProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const done = () => {
    if (draft !== null && draft !== value) onChange(draft);
    setDraft(null);
  };
  return (
    <TextInput
      size="xs"
      label={label}
      description={description}
      styles={READABLE}
      value={draft ?? value}
      onChange={(change) => setDraft(change.currentTarget.value)}
      onBlur={done}
      onKeyDown={({ key }) => {
        if (key === "Enter") done();
        if (key === "Escape") setDraft(null);
      }}
    />
  );
}

type FieldProps = { readonly label: string; readonly none: string; readonly value: string; readonly fields: readonly Field[]; readonly onChange: (name: string) => void };

export function FieldChoice({ label, none, value, fields, onChange }: FieldProps) {
  return <Found label={label} value={value} onChange={onChange} options={[{ value: "", label: none }, ...fields.map((field) => ({ value: field.name, label: field.label }))]} />;
}

/** A whole number within bounds; what is none of them asks nothing. */
export function WholeNumber({ label, value, from, to, onChange }: { readonly label: string; readonly value: number; readonly from: number; readonly to: number; readonly onChange: (value: number) => void }) {
  return (
    <Typed
      label={`${label} (${from} to ${to})`}
      value={String(value)}
      onChange={(text) => {
        const number = Number(text);
        if (Number.isInteger(number) && number >= from && number <= to) onChange(number);
      }}
    />
  );
}
