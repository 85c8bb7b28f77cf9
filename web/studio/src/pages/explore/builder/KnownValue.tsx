import "@mantine/core/styles/Combobox.css";
import { Autocomplete } from "@mantine/core";
import { useState } from "react";
import { useKnownValues } from "../../../components/filters/useKnownValues";
import { QUESTION_VALUES } from "../../../components/filters/values";
import { READABLE } from "./Choices";

const INSIDE = { withinPortal: false } as const;

type Props = {
  readonly label: string;
  readonly description: string;
  /** Whose values are offered; "" offers none. */
  readonly field: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
};

/** A text that the data has, found by typing a part of it, or any other; it counts when it is chosen, left, or Enter is pressed. */
export function KnownValue({ label, description, field, value, onChange }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  // Until something is typed, everything is offered, not only what is like the one chosen before.
  const typed = draft === null || draft === value ? "" : draft;
  const known = useKnownValues({ name: field, label: field, kind: "text" }, typed, QUESTION_VALUES, draft !== null);
  const done = (text: string) => {
    if (text.trim() !== value) onChange(text.trim());
    setDraft(null);
  };
  return (
    // Enter on one that is offered takes it, and is no submission.
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (draft !== null) done(draft);
      }}
    >
      <Autocomplete
        size="xs"
        label={label}
        description={description}
        styles={READABLE}
        comboboxProps={INSIDE}
        value={draft ?? value}
        data={known}
        filter={({ options }) => options}
        onFocus={() => setDraft(value)}
        onChange={setDraft}
        onOptionSubmit={done}
        onBlur={() => draft !== null && done(draft)}
        onKeyDown={({ key }) => {
          if (key === "Escape") setDraft(null);
        }}
      />
    </form>
  );
}
