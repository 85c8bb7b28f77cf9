import { Button, NativeSelect, TextInput } from "@mantine/core";
import type { Dashboard } from "../../../api/generated";
import { FilterBar } from "../../../components/filters/FilterBar";
import { filterOf, nodeOf } from "../../../components/filters/wire";
import { useFilterFields } from "../fields/useFields";
import { RANGES, rangeText } from "../view/range";
import css from "./Editor.module.css";

type Props = {
  readonly dashboard: Dashboard;
  readonly sheet: number;
  readonly onChange: (dashboard: Dashboard, tag?: string) => void;
  readonly onSheet: (place: number) => void;
};

/** What holds for the whole dashboard, while no tile is chosen. */
export function AboutDashboard({ dashboard, sheet, onChange, onSheet }: Props) {
  const { sheets } = dashboard;
  const fields = useFilterFields();
  const own = dashboard.range ?? { last: 7, unit: "day" };
  const known = RANGES.find(({ range }) => range.last === own.last && range.unit === (own.unit ?? "day"))?.value ?? "";
  const zones = Intl.supportedValuesOf("timeZone");
  const zone = dashboard.zone ?? "UTC";
  return (
    <div className={css.inspector}>
      <p className={css.hint}>Choose a tile to change it, or add one.</p>
      <TextInput label="Title of the dashboard" size="xs" value={dashboard.title} onChange={(change) => onChange({ ...dashboard, title: change.currentTarget.value }, "dashboard title")} />
      <NativeSelect
        label="Time range at first"
        size="xs"
        value={known}
        onChange={(change) => {
          const range = RANGES.find(({ value }) => value === change.currentTarget.value)?.range;
          if (range) onChange({ ...dashboard, range });
        }}
        data={[...(known ? [] : [{ value: "", label: rangeText(own) }]), ...RANGES.map(({ value, label }) => ({ value, label }))]}
      />
      <NativeSelect label="Time zone" size="xs" value={zone} onChange={(change) => onChange({ ...dashboard, zone: change.currentTarget.value })} data={[...new Set(["UTC", zone, ...zones])]} />
      <div>
        <p className={css.label}>Filters of every tile</p>
        <FilterBar
          hasGroups
          fields={fields}
          filters={(dashboard.filters ?? []).map(nodeOf)}
          onChange={(filters) => onChange({ ...dashboard, filters: filters.map((filter) => filterOf(filter, fields)) })}
        />
      </div>
      <div>
        <p className={css.label}>Sheets</p>
        {sheets.map(({ title }, place) => (
          // Sheets have no name of their own but their place.
          // oxlint-disable-next-line react/no-array-index-key
          <div key={place} className={css.row}>
            <TextInput
              size="xs"
              className={css.grow ?? ""}
              aria-label={`Title of sheet ${place + 1}`}
              value={title}
              onFocus={() => onSheet(place)}
              onChange={(change) =>
                onChange({ ...dashboard, sheets: sheets.map((one, at) => (at === place ? { ...one, title: change.currentTarget.value } : one)) }, `sheet ${place}`)
              }
            />
            <Button
              variant="default"
              size="xs"
              aria-label={`Remove sheet ${place + 1}`}
              disabled={sheets.length === 1}
              onClick={() => {
                onChange({ ...dashboard, sheets: sheets.filter((_, at) => at !== place) });
                onSheet(Math.max(0, sheet - 1));
              }}
            >
              Remove
            </Button>
          </div>
        ))}
        <Button
          variant="default"
          size="xs"
          onClick={() => {
            onChange({ ...dashboard, sheets: [...sheets, { title: `Sheet ${sheets.length + 1}`, tiles: [] }] });
            onSheet(sheets.length);
          }}
        >
          Add a sheet
        </Button>
      </div>
    </div>
  );
}
