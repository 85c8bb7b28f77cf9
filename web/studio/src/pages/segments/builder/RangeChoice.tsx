import { NativeSelect, TextInput } from "@mantine/core";
import type { Range } from "../../../api/generated";
import css from "../Segments.module.css";

type Props = { readonly range: Range | null; readonly onChange: (range: Range | null) => void };

const LASTS = [1, 7, 14, 30, 60, 90, 180, 365] as const;

/** When: ever, the last days, or from one day to another. */
export function RangeChoice({ range, onChange }: Props) {
  const value = range === null ? "" : range.start ? "dates" : `${range.last ?? 30} ${range.unit ?? "day"}`;
  const offered = [
    { value: "", label: "Ever" },
    ...LASTS.map((last) => ({ value: `${last} day`, label: last === 1 ? "Today" : `The last ${last} days` })),
    { value: "dates", label: "From one day to another" },
  ];
  const all = offered.some((one) => one.value === value) ? offered : [...offered, { value, label: `The last ${value}s` }];
  return (
    <div className={css.stack}>
      <NativeSelect
        size="xs"
        label="When"
        value={value}
        onChange={(change) => {
          const next = change.currentTarget.value;
          if (next === "") onChange(null);
          else if (next === "dates") onChange({ start: today(), end: today() });
          else if (next !== value) onChange({ last: Number(next.split(" ")[0]), unit: "day" });
        }}
        data={all}
      />
      {range?.start && (
        <div className={css.two}>
          <TextInput size="xs" type="date" label="From" value={range.start.slice(0, 10)} onChange={(change) => change.currentTarget.value && onChange({ ...range, start: change.currentTarget.value })} />
          <TextInput size="xs" type="date" label="To" value={(range.end ?? "").slice(0, 10)} onChange={(change) => onChange({ ...range, end: change.currentTarget.value || null })} />
        </div>
      )}
    </div>
  );
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
