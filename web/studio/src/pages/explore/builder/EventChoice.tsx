import { ActionIcon } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconGripVertical, IconX } from "@tabler/icons-react";
import type { DragEvent, ReactNode } from "react";
import type { Selector } from "../../../api/generated";
import { Found } from "../../../components/Found";
import { FilterBar } from "../../../components/filters/FilterBar";
import type { Field } from "../../../components/filters/filters";
import { nodesOf, whereOf } from "../../../components/filters/wire";
import { PART, removed, REMOVES, TOOL } from "../../../components/removed";
import css from "./Builder.module.css";

type Props = {
  readonly label: string;
  readonly value: Selector;
  readonly names: readonly string[];
  readonly fields: readonly Field[];
  /** What no choice means. */
  readonly any?: string;
  readonly onChange: (value: Selector) => void;
  readonly children?: ReactNode;
  readonly tools?: ReactNode;
  /** Where it can be dragged to other places of its list. */
  readonly drag?: Drag;
};

/** Several events that an address names. */
const SEVERAL = "\n";

/** Which events: a name, and a filter of their own. */
export function EventChoice({ label, value, names, fields, any = "Any event", onChange, children, tools, drag }: Props) {
  const { event } = value;
  const many = Array.isArray(event) ? event.map(String) : null;
  const chosen = many ? SEVERAL : typeof event === "string" ? event : "";
  return (
    <fieldset className={css.step} aria-label={label} {...(tools ? PART : {})} {...(drag ? dropHandlers(drag) : {})}>
      <div className={css.stepHead}>
        <Found
          className={css.grow ?? ""}
          aria-label={label}
          value={chosen}
          onChange={(name) => {
            if (name !== SEVERAL) onChange({ ...value, event: name || null });
          }}
          options={[{ value: "", label: any }, ...(many ? [{ value: SEVERAL, label: many.join(" or ") }] : []), ...names.map((name) => ({ value: name, label: name }))]}
        />
        {tools}
      </div>
      {children}
      <FilterBar hasGroups fields={fields} filters={nodesOf(value.where)} onChange={(changed) => onChange({ ...value, where: whereOf(changed, fields) })} />
    </fieldset>
  );
}

/** One of a list that is put in order by dragging. */
export type Drag = {
  /** Which list: nothing of another one is taken. */
  readonly list: string;
  readonly onDrop: (from: number) => void;
};

function typeOf(list: string): string {
  return `application/x-footfall-${list}`;
}

function dropHandlers({ list, onDrop }: Drag) {
  return {
    onDragOver: (event: DragEvent) => {
      if (event.dataTransfer.types.includes(typeOf(list))) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      const from = event.dataTransfer.getData(typeOf(list));
      if (from === "") return;
      event.preventDefault();
      onDrop(Number(from));
    },
  };
}

type ToolsProps = {
  readonly name: string;
  readonly at: number;
  readonly count: number;
  readonly least: number;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
  /** As of the choice that the tools are of. */
  readonly drag?: Drag;
};

/** Up, down, away: also by keyboard. */
export function ListTools({ name, at, count, least, onMove, onRemove, drag }: ToolsProps) {
  return (
    <span className={css.tools}>
      {drag && count > 1 && (
        // The arrows beside it do the same by keyboard.
        <span className={css.grip} draggable title="Drag to another place" data-testid={`drag ${name}`} onDragStart={(event) => event.dataTransfer.setData(typeOf(drag.list), String(at))}>
          <IconGripVertical size={14} aria-hidden />
        </span>
      )}
      <ActionIcon {...TOOL} variant="subtle" color="gray" size="sm" aria-label={`Move ${name} up`} disabled={at === 0} onClick={() => onMove(at - 1)}>
        <IconArrowUp size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon {...TOOL} variant="subtle" color="gray" size="sm" aria-label={`Move ${name} down`} disabled={at === count - 1} onClick={() => onMove(at + 1)}>
        <IconArrowDown size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon {...REMOVES} variant="subtle" color="gray" size="sm" aria-label={`Remove ${name}`} disabled={count <= least} onClick={(press) => removed(press.currentTarget, onRemove)}>
        <IconX size={14} aria-hidden />
      </ActionIcon>
    </span>
  );
}

/** A list with one of it at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const rest = list.filter((_, at) => at !== from);
  return list.slice(from, from + 1).flatMap((one) => [...rest.slice(0, to), one, ...rest.slice(to)]);
}

export function replaced<T>(list: readonly T[], place: number, one: T): readonly T[] {
  return list.map((other, at) => (at === place ? one : other));
}
