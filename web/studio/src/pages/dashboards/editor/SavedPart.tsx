import { NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { NamedQuery, Tile } from "../../../api/generated";
import { readQueries } from "../../sql/saved/api";
import { firstValue, RANGE_NAMES } from "../../sql/saved/parameters";
import css from "./Editor.module.css";

type Props = { readonly tile: Tile; readonly query: NamedQuery; readonly onChange: (tile: Tile, tag?: string) => void };

/** A saved query by its name, and values for its parameters. */
export function SavedPart({ tile, query, onChange }: Props) {
  const saved = useQuery({ queryKey: ["queries"], queryFn: ({ signal }) => readQueries(signal) }).data?.queries ?? [];
  const names = saved.map(({ name }) => name);
  const asked = (saved.find(({ name }) => name === query.name)?.parameters ?? []).filter(({ name }) => !RANGE_NAMES.has(name));
  const given = query.parameters ?? {};
  return (
    <>
      <NativeSelect
        label="Saved query"
        size="xs"
        value={query.name}
        onChange={(change) => onChange({ ...tile, query: { kind: "saved", name: change.currentTarget.value } })}
        data={[{ value: "", label: names.length === 0 ? "None saved yet" : "Choose one" }, ...(query.name && !names.includes(query.name) ? [query.name] : []), ...names]}
      />
      {names.length === 0 && <p className={css.hint}>Save a statement on the SQL page; it can then be chosen here.</p>}
      {asked.map((parameter) => {
        const { name } = parameter;
        return (
          <TextInput
            key={`${query.name} ${name}`}
            label={`:${name}`}
            size="xs"
            defaultValue={given[name] === undefined ? firstValue(parameter, {}) : String(given[name])}
            onBlur={(change) => {
              const value = change.currentTarget.value;
              if (value !== String(given[name] ?? "")) onChange({ ...tile, query: { ...query, parameters: { ...given, [name]: value } } });
            }}
          />
        );
      })}
    </>
  );
}
