import "@mantine/core/styles/Combobox.css";
import { Select, type SelectProps } from "@mantine/core";

const SHOWN_MAX = 200;
const INSIDE = { withinPortal: false } as const;
/** Stands for "", which a list cannot have as a value. */
const NOTHING = "\t";

export type FoundOption = { readonly value: string; readonly label: string };

type Props = Pick<SelectProps, "label" | "aria-label" | "className"> & {
  readonly value: string;
  readonly options: readonly FoundOption[];
  readonly onChange: (value: string) => void;
};

/** One of many, found by typing a part of its name. A value that is not offered is shown as it is. */
export function Found({ value, options, onChange, ...look }: Props) {
  const known = options.some((one) => one.value === value) ? options : [{ value, label: value }, ...options];
  return (
    <Select
      {...look}
      size="xs"
      searchable
      allowDeselect={false}
      limit={SHOWN_MAX}
      maxDropdownHeight={280}
      comboboxProps={INSIDE}
      nothingFoundMessage="Nothing has this in its name"
      value={value || NOTHING}
      onChange={(chosen) => {
        if (chosen !== null) onChange(chosen === NOTHING ? "" : chosen);
      }}
      data={known.map((one) => ({ value: one.value || NOTHING, label: one.label }))}
    />
  );
}
