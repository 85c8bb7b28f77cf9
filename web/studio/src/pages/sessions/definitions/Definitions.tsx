import { Button, NativeSelect } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { Listed } from "../../../api/generated";
import { Section } from "../../../components/Section";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import type { Clock } from "../../../format/format";
import { changeQuery, useQueryValue } from "../../../router/query";
import { readDefinitions } from "./api";
import { DefinitionForm } from "./DefinitionForm";
import { DefinitionRow } from "./DefinitionRow";
import css from "./Definitions.module.css";
import { DiffTable } from "./DiffTable";

const FRESH_MS = 5_000;

/** What a session is: every definition, how far its past is computed, and what another one would change. */
export function Definitions({ clock }: { readonly clock: Clock }) {
  const query = useQuery({
    queryKey: ["session definitions"],
    queryFn: ({ signal }) => readDefinitions(signal),
    refetchInterval: FRESH_MS,
  });
  const [adding, setAdding] = useQueryValue("add");
  if (!query.data) {
    return query.error ? (
      <Failure title="The definitions cannot be shown" error={query.error} retry={() => void query.refetch()} />
    ) : (
      <Loading slow="Still reading the definitions. The metadata may be busy." />
    );
  }
  const { definitions } = query.data;
  return (
    <div className={css.parts}>
      <Section
        title="Definitions"
        aside={
          <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setAdding("definition", "push")}>
            Add a definition
          </Button>
        }
      >
        <ul className={css.list} aria-label="Session definitions">
          {definitions.map((one) => (
            <DefinitionRow key={`${one.name}.${one.version}`} one={one} shown={shownOf(definitions)} />
          ))}
        </ul>
      </Section>
      <Compare definitions={definitions} clock={clock} />
      <DefinitionForm isOpen={adding === "definition"} onClose={() => setAdding("")} />
    </div>
  );
}

function shownOf(definitions: readonly Listed[]): string {
  return definitions.find(({ is_default }) => is_default)?.name ?? "";
}

type CompareProps = { readonly definitions: readonly Listed[]; readonly clock: Clock };

function Compare({ definitions, clock }: CompareProps) {
  const names = definitions.filter(({ state }) => state !== "waits").map(({ name }) => name);
  const [askedA] = useQueryValue("a");
  const [askedB] = useQueryValue("b");
  if (names.length < 2) return null;
  const a = names.includes(askedA) ? askedA : shownOf(definitions);
  const b = names.includes(askedB) ? askedB : "";
  const others = names.filter((name) => name !== a);
  return (
    <Section title="Compare">
      <div className={css.choices}>
        <NativeSelect
          size="xs"
          aria-label="From"
          value={a}
          onChange={(change) => changeQuery({ a: change.currentTarget.value, b: b === change.currentTarget.value ? "" : b }, "push")}
          data={names}
        />
        <span className={css.to}>with</span>
        <NativeSelect
          size="xs"
          aria-label="With"
          value={b}
          onChange={(change) => changeQuery({ b: change.currentTarget.value }, "push")}
          data={[{ value: "", label: "choose one" }, ...others]}
        />
      </div>
      {b === "" ? (
        <p className={css.note}>Choose two definitions: every number of both side by side, and visitors whose sessions differ.</p>
      ) : (
        <DiffTable key={`${a} ${b}`} a={a} b={b} clock={clock} />
      )}
    </Section>
  );
}
