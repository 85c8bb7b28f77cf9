import { TextInput } from "@mantine/core";
import { IconCalendar, IconGripVertical, IconHash, IconLetterT } from "@tabler/icons-react";
import { useState } from "react";
import type { FieldInfo } from "../fields/useFields";
import { isTimeField } from "./edits";
import css from "./Editor.module.css";

/** What a dragged field is known by on its way. */
export const FIELD_TYPE = "application/x-footfall-field";

/** The fields of a table, to be dragged to a place of the chart. */
export function FieldList({ fields }: { readonly fields: readonly FieldInfo[] }) {
  const [asked, setAsked] = useState("");
  const found = fields.filter(({ name }) => name.toLowerCase().includes(asked.toLowerCase()));
  return (
    <div>
      <TextInput size="xs" aria-label="Find a field" placeholder="Find a field" value={asked} onChange={(change) => setAsked(change.currentTarget.value)} />
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <ul className={css.fields} aria-label="Fields, to be dragged" tabIndex={0}>
        {found.map((field) => (
          // Whoever has no pointer picks the same fields from the places' lists.
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
          <li
            key={field.name}
            className={css.field}
            draggable
            title={`${field.type}. ${field.meaning}`}
            onDragStart={(event) => {
              event.dataTransfer.setData(FIELD_TYPE, field.name);
              event.dataTransfer.effectAllowed = "copy";
            }}
          >
            <IconGripVertical size={12} aria-hidden className={css.grip ?? ""} />
            <Mark field={field} />
            <bdi>{field.name}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Mark({ field }: { readonly field: FieldInfo }) {
  if (isTimeField(field)) return <IconCalendar size={14} aria-hidden />;
  return /INT|FLOAT|DOUBLE|DECIMAL/.test(field.type) ? <IconHash size={14} aria-hidden /> : <IconLetterT size={14} aria-hidden />;
}
