import { NativeSelect } from "@mantine/core";
import { OPERATORS } from "./filters";

type Props<T extends keyof typeof OPERATORS> = { readonly label: string; readonly operators: readonly T[]; readonly value: T; readonly onChange: (operator: T) => void };

/** One of some operators, in words. */
export function OperatorChoice<T extends keyof typeof OPERATORS>({ label, operators, value, onChange }: Props<T>) {
  return (
    <NativeSelect
      size="xs"
      label={label}
      value={value}
      onChange={(change) => {
        const chosen = operators.find((name) => name === change.currentTarget.value);
        if (chosen) onChange(chosen);
      }}
      data={operators.map((name) => ({ value: name, label: OPERATORS[name] }))}
    />
  );
}
