import { Skeleton, TextInput } from "@mantine/core";
import { IconChevronRight, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import type { Table, TableColumn } from "../../../api/generated";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { Section } from "../../../components/Section";
import type { TablesShown } from "./useTables";
import css from "./TablesPanel.module.css";

/** What the project has of itself, what lies in files elsewhere, and what people made of both. */
const GROUPS = [
  { kind: "table", title: null },
  { kind: "files", title: "From files" },
  { kind: "view", title: "Views" },
] as const;

type Props = {
  readonly shown: TablesShown;
  /** A column was chosen: its name goes where the cursor is. */
  readonly onColumn: (name: string) => void;
  /** The first rows of a table are wanted. */
  readonly onTable: (name: string) => void;
};

/** What can be asked for: tables, and in each its columns with type and meaning. */
export function TablesPanel({ shown, onColumn, onTable }: Props) {
  const [search, setSearch] = useState("");
  return (
    <Section title="Tables">
      {shown.kind === "loading" && (
        <Loading slow="Still reading the tables. The project may be busy.">
          {["a", "b", "c"].map((key) => (
            <Skeleton key={key} height={20} mb={8} />
          ))}
        </Loading>
      )}
      {shown.kind === "failed" && (
        <Failure title="The tables cannot be listed" error={shown.error} retry={shown.retry} level={3} />
      )}
      {shown.kind === "tables" && (
        <>
          <TextInput
            size="xs"
            placeholder="Find a column"
            aria-label="Find a column"
            leftSection={<IconSearch size={14} aria-hidden />}
            value={search}
            onChange={(change) => setSearch(change.currentTarget.value)}
          />
          {GROUPS.map(({ kind, title }) => {
            const tables = shown.tables.filter((table) => table.kind === kind);
            return (
              tables.length > 0 && (
                <div key={kind}>
                  {title && <h3 className={css.group}>{title}</h3>}
                  <ul className={css.tables} aria-label={title ?? "Tables"}>
                    {tables.map((table) => (
                      <Branch key={table.name} table={table} search={search.trim().toLowerCase()} onColumn={onColumn} onTable={onTable} />
                    ))}
                  </ul>
                </div>
              )
            );
          })}
        </>
      )}
    </Section>
  );
}

/** Columns with the text in their name or meaning. */
export function matching(columns: readonly TableColumn[], search: string): readonly TableColumn[] {
  return columns.filter(({ name, meaning }) => name.includes(search) || meaning.toLowerCase().includes(search));
}

type BranchProps = Omit<Props, "shown"> & { readonly table: Table; readonly search: string };

function Branch({ table, search, onColumn, onTable }: BranchProps) {
  const [isOpen, setIsOpen] = useState(false);
  const columns = matching(table.columns, search);
  const isShown = isOpen || search !== "";
  return (
    <li className={css.table}>
      <div className={css.head}>
        <button type="button" className={css.name} aria-expanded={isShown} title={table.row_is} onClick={() => setIsOpen(!isOpen)}>
          <IconChevronRight className={css.chevron ?? ""} size={14} aria-hidden />
          {table.name}
          <span className={css.count}>{search === "" ? table.columns.length : columns.length}</span>
        </button>
        <button type="button" className={css.rows} onClick={() => onTable(table.name)}>
          Rows<span className="visually-hidden"> of {table.name}</span>
        </button>
      </div>
      {table.problem && <p className={css.problem}>Cannot be read: {table.problem}</p>}
      {isShown && table.row_is !== "" && search === "" && <p className={css.meaning}>{table.kind === "view" ? table.row_is : `One row is ${table.row_is}.`}</p>}
      {isShown && (
        <ul className={css.columns} aria-label={`Columns of ${table.name}`}>
          {columns.map((column) => (
            <li key={column.name}>
              <button type="button" className={css.column} onClick={() => onColumn(column.name)}>
                <span className={css.columnName}>{column.name}</span>
                <span className={css.type}>{shortType(column.type)}</span>
                <span className={css.meaning}>{column.meaning}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** `TIMESTAMP WITH TIME ZONE` is in every list and wider than the list. */
function shortType(type: string): string {
  return type.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").toLowerCase();
}
