import { SegmentedControl } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { formatFilter, PANELS, parseWho, type Who } from "./filters";
import css from "./NarrowBar.module.css";
import { chooseFilters, chooseWho, useNarrowing } from "./useNarrowing";

const NAMES: Readonly<Record<Who, string>> = { people: "People", bots: "Bots", all: "All" };
const CHOICES = [
  { value: "people", label: NAMES.people },
  { value: "bots", label: NAMES.bots },
  { value: "all", label: NAMES.all },
];

/** The page's title, what it is narrowed to (each can be let go), and whose events it shows. */
export function NarrowBar({ title }: { readonly title: string }) {
  const { who, filters } = useNarrowing();
  return (
    <div className={css.bar}>
      <h1 className={css.title}>{title}</h1>
      {filters.length > 0 && (
        <ul className={css.chips} aria-label="Filters">
          {filters.map((filter) => {
            const { one, nothing } = PANELS[filter.panel];
            const value = filter.value ?? nothing;
            return (
              <li key={formatFilter(filter)}>
                <button
                  type="button"
                  className={css.chip}
                  title={`Remove: ${one} is ${value}`}
                  onClick={() => chooseFilters(filters.filter((other) => other !== filter))}
                >
                  <span className="visually-hidden">Remove the filter </span>
                  <span className={css.what}>{one}</span>
                  <bdi className={css.value}>{value}</bdi>
                  <IconX size={14} aria-hidden />
                </button>
              </li>
            );
          })}
          {filters.length > 1 && (
            <li>
              <button type="button" className={css.clear} onClick={() => chooseFilters([])}>
                Clear all
              </button>
            </li>
          )}
        </ul>
      )}
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
