import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { FilterBar } from "../../../components/filters/FilterBar";
import type { Field } from "../../../components/filters/filters";
import type { ValueSource } from "../../../components/filters/values";
import { readList } from "../api";
import { conditionOf, isPanel, PANELS, panelFiltersOf, parseWho, type Who } from "./filters";
import css from "./NarrowBar.module.css";
import { chooseFilters, chooseWho, useNarrowing } from "./useNarrowing";

const NAMES: Readonly<Record<Who, string>> = { people: "People", bots: "Bots", all: "All" };
const CHOICES = [
  { value: "people", label: NAMES.people },
  { value: "bots", label: NAMES.bots },
  { value: "all", label: NAMES.all },
];
/** Rows of panels: the server knows no other conditions in the last 30 minutes. */
const FIELDS: readonly Field[] = Object.entries(PANELS).map(([name, { one }]) => ({ name, label: one, kind: "text", operators: ["is", "is_not_set"] }));

/** The page's title, what it is narrowed to (each can be let go), and whose events it shows. */
export function NarrowBar({ title }: { readonly title: string }) {
  const { who, filters } = useNarrowing();
  const values = useMemo<ValueSource>(
    () => ({
      name: `live ${who}`,
      read: async ({ name: panel }, search, signal) => (isPanel(panel) ? (await readList({ panel, search, filters: [], who }, signal)).rows.flatMap(({ value }) => value ?? []) : []),
    }),
    [who],
  );
  return (
    <div className={css.bar}>
      <h1 className={css.title}>{title}</h1>
      <FilterBar fields={FIELDS} values={values} filters={filters.map(conditionOf)} onChange={(changed) => chooseFilters(panelFiltersOf(changed))} />
      <div className={css.who}>
        <SegmentedControl
          size="xs"
          aria-label="Whose events"
          value={who}
          onChange={(value) => chooseWho(parseWho(value))}
          data={CHOICES}
        />
      </div>
    </div>
  );
}
