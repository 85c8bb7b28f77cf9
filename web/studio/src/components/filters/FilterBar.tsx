import { Button, NativeSelect, Popover, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import css from "./FilterBar.module.css";
import {
  type ColumnFilter,
  type Field,
  formatColumnFilter,
  isOperator,
  OPERATORS,
  OPERATORS_OF,
  type Operator,
  takesMany,
  takesNoValue,
} from "./filters";

type Props = {
  readonly fields: readonly Field[];
  readonly filters: readonly ColumnFilter[];
  readonly onChange: (filters: readonly ColumnFilter[]) => void;
};

/** Conditions as chips that can be let go, and a button that adds one. */
export function FilterBar({ fields, filters, onChange }: Props) {
  return (
    <div className={css.bar}>
      {filters.length > 0 && (
        <ul className={css.chips} aria-label="Filters">
          {filters.map((filter) => (
            <li key={formatColumnFilter(filter)}>
              <Chip
                filter={filter}
                label={fields.find(({ name }) => name === filter.column)?.label ?? filter.column}
                onRemove={() => onChange(filters.filter((other) => other !== filter))}
              />
            </li>
          ))}
        </ul>
      )}
      <AddFilter
        fields={fields}
        onAdd={(added) => {
          const text = formatColumnFilter(added);
          onChange([...filters.filter((other) => formatColumnFilter(other) !== text), added]);
        }}
      />
    </div>
  );
}

function Chip({
  filter,
  label,
  onRemove,
}: {
  readonly filter: ColumnFilter;
  readonly label: string;
  readonly onRemove: () => void;
}) {
  const value = filter.values.join(", ");
  return (
    <button
      type="button"
      className={css.chip}
      title={`Remove: ${label} ${OPERATORS[filter.operator]} ${value}`}
      onClick={onRemove}
    >
      <span className="visually-hidden">Remove the filter </span>
      <span className={css.what}>
        {label} {OPERATORS[filter.operator]}{" "}
      </span>
      {value && <bdi className={css.value}>{value}</bdi>}
      <IconX size={14} aria-hidden />
    </button>
  );
}

function AddFilter({ fields, onAdd }: { readonly fields: readonly Field[]; readonly onAdd: (filter: ColumnFilter) => void }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setIsOpen(!isOpen)}
        >
          Add filter
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Add filter">
        <Choice
          fields={fields}
          onAdd={(filter) => {
            setIsOpen(false);
            onAdd(filter);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function Choice({ fields, onAdd }: { readonly fields: readonly Field[]; readonly onAdd: (filter: ColumnFilter) => void }) {
  const [column, setColumn] = useState(fields[0]?.name ?? "");
  const field = fields.find(({ name }) => name === column);
  const kind = field?.kind ?? "text";
  const choices = field?.choices;
  const [wanted, setOperator] = useState<Operator>("is");
  const [text, setText] = useState("");
  const offered = OPERATORS_OF[kind];
  const operator = offered.includes(wanted) ? wanted : (offered[0] ?? "is_set");
  const chosen = choices?.find(({ value: one }) => one === text) ?? choices?.[0];
  const value = choices ? (chosen?.value ?? "") : kind === "boolean" && text !== "false" ? "true" : text.trim();
  const isWhole = takesNoValue(operator) || value !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isWhole) onAdd({ column, operator, values: valuesOf(operator, value) });
  };
  return (
    <form className={css.choice} onSubmit={submit}>
      <NativeSelect
        size="xs"
        label="Column"
        value={column}
        onChange={(change) => setColumn(change.currentTarget.value)}
        data={fields.map(({ name, label }) => ({ value: name, label }))}
      />
      <NativeSelect
        size="xs"
        label="Operator"
        value={operator}
        onChange={(change) => {
          if (isOperator(change.currentTarget.value)) setOperator(change.currentTarget.value);
        }}
        data={offered.map((name) => ({ value: name, label: OPERATORS[name] }))}
      />
      {choices ? (
        <NativeSelect size="xs" label="Value" value={value} onChange={(change) => setText(change.currentTarget.value)} data={[...choices]} />
      ) : (
        !takesNoValue(operator) && <Value operator={operator} kind={kind} text={text} onChange={setText} />
      )}
      <Button type="submit" size="xs" disabled={!isWhole}>
        Add
      </Button>
    </form>
  );
}

type ValueProps = {
  readonly operator: Operator;
  readonly kind: Field["kind"];
  readonly text: string;
  readonly onChange: (text: string) => void;
};

function Value({ operator, kind, text, onChange }: ValueProps) {
  if (kind === "boolean") {
    return (
      <NativeSelect
        size="xs"
        label="Value"
        value={text === "false" ? "false" : "true"}
        onChange={(change) => onChange(change.currentTarget.value)}
        data={["true", "false"]}
      />
    );
  }
  return (
    <TextInput
      size="xs"
      label="Value"
      description={operator === "between" ? "Two, the lower first, with a comma between" : takesMany(operator) ? "Several, with commas between" : kind === "time" ? HINT_OF_TIME : undefined}
      value={text}
      onChange={(change) => onChange(change.currentTarget.value)}
    />
  );
}

const HINT_OF_TIME = "With its zone, as 2026-11-24T12:00:00Z";

function valuesOf(operator: Operator, value: string): readonly string[] {
  if (takesNoValue(operator)) return [];
  if (!takesMany(operator)) return [value];
  return value.split(",").flatMap((part) => part.trim() || []);
}
