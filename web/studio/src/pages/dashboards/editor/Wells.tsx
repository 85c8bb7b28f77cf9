import { NativeSelect } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type DragEvent, useState } from "react";
import type { FieldsQuery, FieldUse, Tile } from "../../../api/generated";
import type { ChartKind } from "../../../charts/draw/draw";
import type { FieldInfo } from "../fields/useFields";
import { isMeasure, isTimeField, type Role, ROLES, firstUse } from "./edits";
import css from "./Editor.module.css";
import { FIELD_TYPE } from "./FieldList";

const NAMES: Readonly<Record<Role, string>> = { x: "x", y: "y", colour: "Colour", size: "Size" };
const MEASURES = [
  { value: "count", label: "count" },
  { value: "distinct", label: "different values of" },
  { value: "sum", label: "sum of" },
  { value: "avg", label: "average of" },
  { value: "median", label: "median of" },
  { value: "min", label: "least of" },
  { value: "max", label: "greatest of" },
] as const;
const UNITS = ["minute", "hour", "day", "week", "month"] as const;

type Props = {
  readonly tile: Tile;
  readonly query: FieldsQuery;
  readonly fields: readonly FieldInfo[];
  readonly onChange: (query: FieldsQuery) => void;
};

/** Where fields are put: dragged there, or picked from a list. */
export function Wells({ tile, query, fields, onChange }: Props) {
  const { chart } = tile;
  if (chart === "text") return null;
  return (
    <div className={css.wells}>
      {ROLES[chart].map((role) => (
        <Well key={role} role={role} chart={chart} use={query[role] ?? null} fields={fields} onChange={(use) => onChange({ ...query, [role]: use })} />
      ))}
    </div>
  );
}

type WellProps = {
  readonly role: Role;
  readonly chart: ChartKind;
  readonly use: FieldUse | null;
  readonly fields: readonly FieldInfo[];
  readonly onChange: (use: FieldUse | null) => void;
};

function Well({ role, chart, use, fields, onChange }: WellProps) {
  const [isOver, setIsOver] = useState(false);
  const name = heatName(role, chart);
  const measured = isMeasure(role, chart);
  const pick = (column: string) => {
    const field = fields.find((one) => one.name === column);
    if (column === "") onChange(measured && role !== "colour" ? { measure: "count" } : null);
    else onChange(field ? firstUse(role, chart, field) : { column });
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    pick(event.dataTransfer.getData(FIELD_TYPE));
  };
  const column = use?.column ?? "";
  const empty = measured && role !== "colour" ? "rows (count)" : "nothing";
  const known = fields.map((field) => field.name);
  return (
    // Dropping is one way; the pick lists within are the other, and take the keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className={css.well}
      data-over={isOver ? "yes" : undefined}
      role="group"
      aria-label={`Place ${name}`}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={drop}
    >
      <span className={css.role}>{name}</span>
      {measured && column !== "" && (
        <NativeSelect
          size="xs"
          aria-label={`Measure of ${name}`}
          value={use?.measure ?? "count"}
          onChange={(change) => onChange({ column, measure: MEASURES.find(({ value }) => value === change.currentTarget.value)?.value ?? "count" })}
          data={[...MEASURES]}
        />
      )}
      <NativeSelect
        size="xs"
        className={css.grow ?? ""}
        aria-label={`Field of ${name}`}
        value={column}
        onChange={(change) => pick(change.currentTarget.value)}
        data={[{ value: "", label: empty }, ...(column && !known.includes(column) ? [column] : []), ...known]}
      />
      {!measured && isTimeField(fields.find((one) => one.name === column)) && (
        <NativeSelect
          size="xs"
          aria-label={`Unit of ${name}`}
          value={use?.unit ?? "day"}
          onChange={(change) => onChange({ column, unit: UNITS.find((unit) => unit === change.currentTarget.value) ?? "day" })}
          data={[...UNITS]}
        />
      )}
      {column !== "" && (
        <button type="button" className={css.clear} aria-label={`Empty ${name}`} onClick={() => pick("")}>
          <IconX size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}

function heatName(role: Role, chart: ChartKind): string {
  if (chart === "heat_map") return role === "colour" ? "Rows" : role === "y" ? "Shade" : NAMES[role];
  if (chart === "pie" || chart === "donut") return role === "x" ? "Slices" : "Size";
  if (chart === "table") return role === "x" ? "First column" : role === "colour" ? "Second column" : "Number";
  if (chart === "tree_map" && role === "x") return "Groups";
  return NAMES[role];
}
