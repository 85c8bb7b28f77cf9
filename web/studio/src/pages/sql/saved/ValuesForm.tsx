import { Button, TextInput } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import type { QueryParameter, SavedQuery } from "../../../api/generated";
import type { Values } from "./api";
import { firstValue } from "./parameters";
import css from "./ValuesForm.module.css";

const HINTS: Readonly<Record<string, string>> = {
  text: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  date: "2026-11-29",
  timestamp: "2026-11-29T10:00:00Z",
};

type Props = {
  readonly query: SavedQuery;
  readonly given: Values;
  readonly onRun: (values: Values) => void;
};

/** Values for a saved query's parameters. The server says what is wrong with one. */
export function ValuesForm({ query, given, onRun }: Props) {
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(query.parameters.map((parameter) => [parameter.name, firstValue(parameter, given)])),
  );
  const run = (submit: FormEvent) => {
    submit.preventDefault();
    onRun(values);
  };
  return (
    <form className={css.form} onSubmit={run} aria-label={`Parameters of ${query.name}`}>
      {query.parameters.map((parameter) => (
        <Field
          key={parameter.name}
          parameter={parameter}
          value={values[parameter.name] ?? ""}
          onChange={(value) => setValues({ ...values, [parameter.name]: value })}
        />
      ))}
      <Button type="submit" size="xs" leftSection={<IconPlayerPlay size={14} aria-hidden />}>
        Run {query.name}
      </Button>
    </form>
  );
}

type FieldProps = { readonly parameter: QueryParameter; readonly value: string; readonly onChange: (value: string) => void };

function Field({ parameter, value, onChange }: FieldProps) {
  const type = parameter.type ?? "text";
  const isList = parameter.is_list ?? false;
  return (
    <TextInput
      size="xs"
      label={`:${parameter.name}`}
      placeholder={isList ? "several, with commas between them" : (HINTS[type] ?? type)}
      type={type === "date" && !isList ? "date" : "text"}
      inputMode={(type === "integer" || type === "number") && !isList ? "decimal" : "text"}
      required
      withAsterisk={false}
      value={value}
      onChange={(change) => onChange(change.currentTarget.value)}
    />
  );
}
