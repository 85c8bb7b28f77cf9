import { ActionIcon, NativeSelect } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Selector } from "../../../api/generated";
import { FilterBar } from "../../../components/filters/FilterBar";
import type { Field } from "../../../components/filters/filters";
import { nodesOf, whereOf } from "../../../components/filters/wire";
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
};

/** Which events: a name, and a filter of their own. */
export function EventChoice({ label, value, names, fields, any = "Any event", onChange, children, tools }: Props) {
  const { event } = value;
  const many = Array.isArray(event) ? event.map(String) : null;
  const chosen = many ? "\n" : typeof event === "string" ? event : "";
  const offered = chosen && !many && !names.includes(chosen) ? [chosen, ...names] : names;
  return (
    <fieldset className={css.step} aria-label={label}>
      <div className={css.stepHead}>
        <NativeSelect
          size="xs"
          className={css.grow ?? ""}
          aria-label={label}
          value={chosen}
          onChange={(change) => {
            const name = change.currentTarget.value;
            if (name !== "\n") onChange({ ...value, event: name || null });
          }}
          data={[{ value: "", label: any }, ...(many ? [{ value: "\n", label: many.join(" or ") }] : []), ...offered.map((name) => ({ value: name, label: name }))]}
        />
        {tools}
      </div>
      {children}
      <FilterBar hasGroups fields={fields} filters={nodesOf(value.where)} onChange={(changed) => onChange({ ...value, where: whereOf(changed, fields) })} />
    </fieldset>
  );
}

type ToolsProps = {
  readonly name: string;
  readonly at: number;
  readonly count: number;
  readonly least: number;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
};

/** Up, down, away: also by keyboard. */
export function ListTools({ name, at, count, least, onMove, onRemove }: ToolsProps) {
  return (
    <span className={css.tools}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Move ${name} up`} disabled={at === 0} onClick={() => onMove(at - 1)}>
        <IconArrowUp size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Move ${name} down`} disabled={at === count - 1} onClick={() => onMove(at + 1)}>
        <IconArrowDown size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Remove ${name}`} disabled={count <= least} onClick={onRemove}>
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
