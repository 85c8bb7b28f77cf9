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
        <Tree tables={shown.tables} onColumn={onColumn} onTable={onTable} />
      )}
    </Section>
  );
}

type TreeProps = Omit<Props, "shown"> & { readonly tables: readonly Table[] };

function Tree({ tables, onColumn, onTable }: TreeProps) {
  const [typed, setTyped] = useState("");
  const search = typed.trim().toLowerCase();
  const found = tables.filter((table) => isFound(table, search));
  return (
    <>
      <TextInput
        size="xs"
        placeholder="Find a table or column"
        aria-label="Find a table or column"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={typed}
        onChange={(change) => setTyped(change.currentTarget.value)}
      />
      {found.length === 0 && <p className={css.none}>No table or column has this in its name or meaning.</p>}
      {GROUPS.map(({ kind, title }) => {
        const own = found.filter((table) => table.kind === kind);
        return (
          own.length > 0 && (
            <div key={kind}>
              {title && <h3 className={css.group}>{title}</h3>}
              <ul className={css.tables} aria-label={title ?? "Tables"}>
                {own.map((table) => (
                  <Branch key={table.name} table={table} search={search} onColumn={onColumn} onTable={onTable} />
                ))}
              </ul>
            </div>
          )
        );
      })}
    </>
  );
}

/** A table whose own name has the text, or a column of it. */
function isFound(table: Table, search: string): boolean {
  return isNamed(table, search) || matching(table.columns, search).length > 0;
}

function isNamed({ name }: Table, search: string): boolean {
  return name.toLowerCase().includes(search);
}

/** Columns with the text in their name or meaning. */
export function matching(columns: readonly TableColumn[], search: string): readonly TableColumn[] {
  return columns.filter(({ name, meaning }) => name.toLowerCase().includes(search) || meaning.toLowerCase().includes(search));
}

type BranchProps = Omit<Props, "shown"> & { readonly table: Table; readonly search: string };

function Branch({ table, search, onColumn, onTable }: BranchProps) {
  const [isOpen, setIsOpen] = useState(false);
  const matches = matching(table.columns, search);
  // Of a table that is searched by its own name all columns stay: they are what it is looked up for.
  const columns = matches.length === 0 && isNamed(table, search) ? table.columns : matches;
  const isShown = isOpen || (search !== "" && matches.length > 0);
  return (
    <li className={css.table}>
      <div className={css.head}>
        <button type="button" className={css.name} aria-expanded={isShown} title={table.row_is} onClick={() => setIsOpen(!isOpen)}>
          <IconChevronRight className={css.chevron ?? ""} size={14} aria-hidden />
          {table.name}
          <span className={css.count}>{columns.length}</span>
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
