import "@mantine/core/styles/Checkbox.css";
import "@mantine/core/styles/Combobox.css";
import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { failureText } from "../../../api/client";
import type { QueryToSave, SavedQuery } from "../../../api/generated";
import { SideDrawer } from "../../../components/SideDrawer";
import { makeView, saveQuery } from "./api";
import css from "./KeepDrawer.module.css";
import { firstValue, isParameterType, PARAMETER_TYPES, type ParameterType, parametersIn } from "./parameters";

const TYPES = [...PARAMETER_TYPES];
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

export type Keeping = "query" | "view";

type Props = {
  readonly keeping: Keeping | null;
  readonly sql: string;
  /** The saved query that is changed. */
  readonly former: SavedQuery | null;
  readonly onClose: () => void;
  /** It is there now; what was done, in one sentence. */
  readonly onKept: (keeping: Keeping, said: string) => void;
};

/** A statement is kept: as a query with parameters, or as a view that other statements read. */
export function KeepDrawer({ keeping, ...props }: Props) {
  return (
    <SideDrawer
      isOpen={keeping !== null}
      title={keeping === "view" ? "Make a view" : "Save the query"}
      closing="Close"
      size={420}
      onClose={props.onClose}
    >
      {keeping !== null && <KeepForm keeping={keeping} {...props} />}
    </SideDrawer>
  );
}

function typesOf(former: SavedQuery | null): Readonly<Record<string, ParameterType>> {
  return Object.fromEntries((former?.parameters ?? []).map(({ name, type }) => [name, type ?? "text"]));
}

function listsOf(former: SavedQuery | null): Readonly<Record<string, boolean>> {
  return Object.fromEntries((former?.parameters ?? []).map(({ name, is_list }) => [name, is_list ?? false]));
}

function defaultsOf(former: SavedQuery | null): Readonly<Record<string, string>> {
  return Object.fromEntries((former?.parameters ?? []).map((parameter) => [parameter.name, firstValue(parameter, {})]));
}

function KeepForm({ keeping, sql, former, onClose, onKept }: Omit<Props, "keeping"> & { readonly keeping: Keeping }) {
  const names = keeping === "query" ? parametersIn(sql) : [];
  const [name, setName] = useState(former?.name ?? "");
  const [description, setDescription] = useState(former?.description ?? "");
  const [isReplacing, setIsReplacing] = useState(false);
  const [types, setTypes] = useState(() => typesOf(former));
  const [lists, setLists] = useState(() => listsOf(former));
  const [defaults, setDefaults] = useState(() => defaultsOf(former));
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const keep = async (submit: FormEvent) => {
    submit.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      if (keeping === "view") {
        const { done } = await makeView(name, sql, isReplacing);
        onKept(keeping, done);
      } else {
        const parameters = names.map((each) => ({
          name: each,
          type: types[each] ?? "text",
          default: defaults[each] || null,
          is_list: lists[each] ?? false,
        }));
        const body: QueryToSave = { name, sql, parameters, description };
        const saved = await saveQuery(body);
        onKept(keeping, `the query ${saved.name} was saved`);
      }
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <form className={css.form} onSubmit={(submit) => void keep(submit)}>
      <TextInput
        label="Name"
        description="Letters, digits and _"
        required
        data-autofocus
        value={name}
        error={name !== "" && !NAME.test(name) ? "Begin with a letter; then letters, digits and _, at most 63" : undefined}
        onChange={(change) => setName(change.currentTarget.value)}
      />
      {keeping === "query" && (
        <TextInput label="What it is for" value={description} onChange={(change) => setDescription(change.currentTarget.value)} />
      )}
      {names.map((each) => (
        <fieldset key={each} className={css.parameter}>
          <legend className={css.legend}>:{each}</legend>
          <Select
            size="xs"
            label="Type"
            data={TYPES}
            allowDeselect={false}
            value={types[each] ?? "text"}
            onChange={(type) => isParameterType(type) && setTypes({ ...types, [each]: type })}
          />
          <TextInput
            size="xs"
            label="If none is given"
            placeholder="it must be given"
            value={defaults[each] ?? ""}
            onChange={(change) => setDefaults({ ...defaults, [each]: change.currentTarget.value })}
          />
          <Checkbox
            size="xs"
            label="Several values, for IN"
            checked={lists[each] ?? false}
            onChange={(change) => setLists({ ...lists, [each]: change.currentTarget.checked })}
          />
        </fieldset>
      ))}
      {keeping === "view" && (
        <Checkbox label="Replace a view of this name" checked={isReplacing} onChange={(change) => setIsReplacing(change.currentTarget.checked)} />
      )}
      <pre className={css.sql}>{sql}</pre>
      {error && (
        <p className={css.failure} role="alert">
          {failureText(error)}
        </p>
      )}
      <div className={css.buttons}>
        <Button type="submit" loading={isBusy} disabled={!NAME.test(name)}>
          {keeping === "view" ? "Make the view" : "Save"}
        </Button>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
