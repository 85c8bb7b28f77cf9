import { Button } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Found } from "../Found";
import css from "./FilterBar.module.css";
import { type ColumnFilter, type Field, type Operator, operatorsOf, takesMany, takesNoValue } from "./filters";
import { OperatorChoice } from "./OperatorChoice";
import { Value } from "./Value";
import type { ValueSource } from "./values";

type Props = {
  readonly fields: readonly Field[];
  readonly values: ValueSource | null;
  /** What stands in it at first. */
  readonly first: ColumnFilter | null;
  readonly action: string;
  readonly onDone: (filter: ColumnFilter) => void;
};

/** One condition: a field, found by its name; an operator that it takes; values, offered as the data has them. */
export function ConditionForm({ fields, values, first, action, onDone }: Props) {
  const [picked, setColumn] = useState(first?.column ?? "");
  // The form may be there before the fields are.
  const column = picked || (fields[0]?.name ?? "");
  const [wanted, setOperator] = useState<Operator>(first?.operator ?? "is");
  const [given, setGiven] = useState<readonly string[]>(first?.values ?? []);
  // A field that is not known (any more) keeps its condition.
  const field: Field = fields.find(({ name }) => name === column) ?? { name: column, label: column, kind: "text" };
  const offered = operatorsOf(field);
  const operator = offered.includes(wanted) ? wanted : (offered[0] ?? "is_set");
  const chosen = valuesOf(field, operator, given);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // What is asked beside a form is no part of it.
    event.stopPropagation();
    if (chosen) onDone({ column, operator, values: chosen });
  };
  return (
    <form className={css.choice} onSubmit={submit}>
      <Found
        label="Column"
        value={column}
        onChange={(name) => {
          setColumn(name);
          setGiven([]);
        }}
        options={fields.map(({ name, label }) => ({ value: name, label }))}
      />
      <OperatorChoice label="Operator" operators={offered} value={operator} onChange={setOperator} />
      {!takesNoValue(operator) && <Value key={column} field={field} operator={operator} values={given} source={values} onChange={setGiven} />}
      <Button type="submit" size="xs" disabled={chosen === null}>
        {action}
      </Button>
    </form>
  );
}

/** The values that an operator takes of those that were given; null while some are missing. */
function valuesOf({ kind, choices }: Field, operator: Operator, given: readonly string[]): readonly string[] | null {
  if (takesNoValue(operator)) return [];
  const whole = given.map((text) => text.trim());
  const [first = ""] = whole;
  if (operator === "between") return whole.length === 2 && !whole.includes("") ? whole : null;
  const typed = whole.filter(Boolean);
  if (takesMany(operator)) return typed.length > 0 ? typed : null;
  if (kind === "boolean") return [first === "false" ? "false" : "true"];
  if (choices) {
    const found = choices.find(({ value }) => value === first) ?? choices[0];
    return found ? [found.value] : null;
  }
  return first ? [first] : null;
}
