import { NativeSelect } from "@mantine/core";
import { type Compare, COMPARED, isCompare } from "./scene";

type Props = { readonly compare: Compare; readonly onCompare: (compare: Compare) => void };

/** Beside which earlier range numbers are shown. */
export function CompareChoice({ compare, onCompare }: Props) {
  return (
    <NativeSelect
      size="xs"
      aria-label="Compared with"
      value={compare}
      onChange={(change) => {
        const { value } = change.currentTarget;
        if (isCompare(value)) onCompare(value);
      }}
      data={Object.entries(COMPARED).map(([value, label]) => ({ value, label }))}
    />
  );
}
