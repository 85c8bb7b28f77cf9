import { Button, Popover } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { type ReactElement, useState } from "react";
import { ConditionForm } from "./ConditionForm";
import css from "./FilterBar.module.css";
import { type ColumnFilter, type Field, type FilterGroup, type FilterNode, formatNode, isGroup, OPERATORS } from "./filters";
import { ADDS, LIST, PART, removed, REMOVES } from "../removed";
import { QUESTION_VALUES, type ValueSource } from "./values";
import { labelOf, valueLabel, wordsOf } from "./words";

/** As deep as the server takes groups in groups. */
const DEPTH_MAX = 5;

/** What a place offers: fewer where its server takes less. */
type Offer = {
  readonly fields: readonly Field[];
  /** Whether alternatives can be asked for, too. */
  readonly hasGroups?: boolean;
  /** Where values that are typed come from; null: from nowhere. */
  readonly values?: ValueSource | null;
  /** The only condition there may be is changed and not joined by another. */
  readonly isSingle?: boolean;
};

type Props = Offer & {
  readonly filters: readonly FilterNode[];
  readonly onChange: (filters: readonly FilterNode[]) => void;
};

/** Conditions that all hold, as chips: each can be changed, given an alternative, and let go. */
export function FilterBar({ filters, onChange, ...offer }: Props) {
  return <Parts offer={offer} join="all" depth={1} parts={filters} onChange={onChange} />;
}

type PartsProps = {
  readonly offer: Offer;
  readonly join: FilterGroup["join"];
  readonly depth: number;
  readonly parts: readonly FilterNode[];
  readonly onChange: (parts: readonly FilterNode[]) => void;
};

function Parts({ offer, join, depth, parts, onChange }: PartsProps) {
  const set = (at: number, next: FilterNode | null) => onChange(parts.flatMap((part, place) => (place === at ? (next ?? []) : part)));
  const add = (added: ColumnFilter) => onChange([...parts.filter((part) => formatNode(part) !== formatNode(added)), added]);
  return (
    <div className={css.bar} {...LIST}>
      {parts.length > 0 && (
        <ul className={css.chips} aria-label={depth === 1 ? "Filters" : JOINS[join]}>
          {parts.map((part, at) => (
            // The same condition may be there twice, and one that is changed stays the same chip.
            // oxlint-disable-next-line react/no-array-index-key
            <li key={at} {...PART}>
              {at > 0 && join === "any" && <span className={css.or}>or</span>}
              {isGroup(part) ? (
                <Group offer={offer} group={part} depth={depth + 1} onChange={(next) => set(at, next)} />
              ) : (
                <Chip offer={offer} filter={part} join={join} depth={depth} onChange={(next) => set(at, next)} />
              )}
            </li>
          ))}
          {depth === 1 && parts.length > 1 && (
            <li>
              <button type="button" className={css.clear} onClick={(press) => removed(press.currentTarget, () => onChange([]))}>
                Clear all
              </button>
            </li>
          )}
        </ul>
      )}
      {!(offer.isSingle && parts.length > 0) && (
        <Asking title="Add filter" offer={offer} action="Add" onDone={add}>
          {(open) => (
            <Button {...ADDS} variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={open}>
              Add filter
            </Button>
          )}
        </Asking>
      )}
    </div>
  );
}

const JOINS = { all: "All of", any: "Any of" } as const;

type GroupProps = { readonly offer: Offer; readonly group: FilterGroup; readonly depth: number; readonly onChange: (next: FilterNode | null) => void };

/** Conditions of which any holds, or all; what is left of one is a condition again. */
function Group({ offer, group, depth, onChange }: GroupProps) {
  const { join, parts } = group;
  const other = join === "any" ? "all" : "any";
  const words = wordsOf(group, offer.fields);
  const change = (changed: readonly FilterNode[]) => {
    const [first] = changed;
    onChange(changed.length > 1 ? { join, parts: changed } : (first ?? null));
  };
  return (
    <div className={css.group} role="group" aria-label={`${JOINS[join]}: ${words}`}>
      <button type="button" className={css.join} title={`Make it: ${JOINS[other].toLowerCase()}`} onClick={() => onChange({ join: other, parts })}>
        {JOINS[join]}
      </button>
      <Parts offer={offer} join={join} depth={depth} parts={parts} onChange={change} />
      <Remove words={words} onRemove={() => onChange(null)} />
    </div>
  );
}

type ChipProps = {
  readonly offer: Offer;
  readonly filter: ColumnFilter;
  readonly join: FilterGroup["join"];
  readonly depth: number;
  readonly onChange: (next: FilterNode | null) => void;
};

function Chip({ offer, filter, join, depth, onChange }: ChipProps) {
  const words = wordsOf(filter, offer.fields);
  const value = filter.values.map((one) => valueLabel(filter.column, one, offer.fields)).join(", ");
  const beside = join === "all" ? "any" : "all";
  return (
    <span className={css.chip}>
      <Asking title={`Change: ${words}`} offer={offer} filter={filter} action="Change" onDone={onChange}>
        {(open) => (
          <button type="button" className={css.text} title={`Change: ${words}`} onClick={open}>
            <span className={css.what}>
              {labelOf(filter.column, offer.fields)} {OPERATORS[filter.operator]}
            </span>{" "}
            {value && <bdi className={css.value}>{value}</bdi>}
          </button>
        )}
      </Asking>
      {offer.hasGroups && depth < DEPTH_MAX && (
        <Asking title={`Beside ${words}`} offer={offer} like={filter} action="Add" onDone={(added) => onChange({ join: beside, parts: [filter, added] })}>
          {(open) => (
            <button type="button" className={css.also} aria-label={`${beside === "any" ? "Or" : "And"} something else than ${words}`} onClick={open}>
              {beside === "any" ? "or" : "and"}
            </button>
          )}
        </Asking>
      )}
      <Remove words={words} onRemove={() => onChange(null)} />
    </span>
  );
}

function Remove({ words, onRemove }: { readonly words: string; readonly onRemove: () => void }) {
  return (
    <button {...REMOVES} type="button" className={css.remove} aria-label={`Remove the filter ${words}`} title={`Remove: ${words}`} onClick={(press) => removed(press.currentTarget, onRemove)}>
      <IconX size={14} aria-hidden />
    </button>
  );
}

type AskingProps = {
  readonly title: string;
  readonly offer: Offer;
  readonly action: string;
  /** The condition that is changed. */
  readonly filter?: ColumnFilter;
  /** A new one is about the same column, at first. */
  readonly like?: ColumnFilter;
  readonly onDone: (filter: ColumnFilter) => void;
  readonly children: (open: () => void) => ReactElement;
};

/** A button that asks for a condition beside it. */
function Asking({ title, offer, action, filter, like, onDone, children }: AskingProps) {
  const [isOpen, setIsOpen] = useState(false);
  const first = filter ?? (like ? { ...like, values: [] } : null);
  return (
    // A form half filled in stays in sight when the page is scrolled beneath it.
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-start" trapFocus returnFocus shadow="md" hideDetached={false}>
      <Popover.Target>{children(() => setIsOpen(!isOpen))}</Popover.Target>
      <Popover.Dropdown aria-label={title}>
        <ConditionForm
          fields={offer.fields}
          values={offer.values === undefined ? QUESTION_VALUES : offer.values}
          first={first}
          action={action}
          onDone={(done) => {
            setIsOpen(false);
            onDone(done);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
