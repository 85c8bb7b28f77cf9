import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { navigate } from "wouter/use-browser-location";
import { failureText } from "../../../api/client";
import type { Dashboard, Tile, TileOptions } from "../../../api/generated";
import type { ChartKind } from "../../../charts/draw/draw";
import { SideDrawer } from "../../../components/SideDrawer";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { listDashboards, readDashboard, saveDashboard } from "../api";
import { CHARTS } from "../editor/charts";
import { freshName } from "../editor/fresh";
import css from "../../../components/DrawerForm.module.css";
import { NEW_SHEET, withTile } from "./place";

type Props = {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** What the tile asks. */
  readonly query: Tile["query"];
  /** Which columns are drawn as what. */
  readonly options?: TileOptions;
  /** How it is drawn, unless another kind is chosen. */
  readonly chart: ChartKind;
  readonly title: string;
  /** What to know of its range and filters. */
  readonly note: ReactNode;
};

/** Puts a question on the draft of a dashboard, and opens it there. */
export function AddDrawer({ isOpen, onClose, ...asked }: Props) {
  return (
    <SideDrawer isOpen={isOpen} title="Add to a dashboard" closing="Close" size={440} onClose={onClose}>
      {isOpen && <Form {...asked} />}
    </SideDrawer>
  );
}

const TITLE_MAX = 200;
const DRAWN = CHARTS.filter(({ value }) => value !== "text");

function Form({ query, options, chart, title: first, note }: Omit<Props, "isOpen" | "onClose">) {
  const listed = useQuery({ queryKey: ["dashboards"], queryFn: ({ signal }) => listDashboards(signal) });
  const [chosen, setChosen] = useState<string | null>(null);
  const [wanted, setWanted] = useState(0);
  const [title, setTitle] = useState(first.slice(0, TITLE_MAX));
  const [kind, setKind] = useState(chart);
  const dashboards = listed.data?.dashboards ?? [];
  const name = chosen ?? dashboards[0]?.name ?? "";
  const kept = useQuery({ queryKey: ["dashboards", name], queryFn: ({ signal }) => readDashboard(name, false, signal), enabled: name !== "", staleTime: 0 });
  const client = useQueryClient();
  const adding = useMutation({
    mutationFn: async () => {
      // Read anew: somebody may have changed it since the drawer was opened.
      const now = name ? await readDashboard(name, false) : null;
      const added = withTile(now?.definition ?? fresh(title), now ? wanted : 0, { title: title.trim(), chart: kind, query: query ?? null, ...(options ? { options } : {}) });
      const saved = await saveDashboard(now?.name ?? freshName(dashboards.map((one) => one.name)), added.dashboard, now?.version ?? 0, false);
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      return { name: saved.name, edit: "1", sheet: String(added.sheet + 1), tile: added.id };
    },
    onSuccess: (address) => navigate(`/dashboards?${new URLSearchParams(address).toString()}`),
  });
  if (listed.error) return <Failure title="Dashboards cannot be listed" error={listed.error} retry={() => void listed.refetch()} level={3} />;
  if (!listed.data) return <Loading slow="Still looking for dashboards." />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate();
  };
  const sheets = kept.data?.definition.sheets ?? [];
  const failure = adding.error ?? kept.error;
  return (
    <form className={css.form} onSubmit={submit}>
      <NativeSelect
        size="xs"
        label="Dashboard"
        value={name}
        onChange={(change) => {
          setChosen(change.currentTarget.value);
          setWanted(0);
        }}
        data={[...dashboards.map((one) => ({ value: one.name, label: one.title || one.name })), { value: "", label: "A new dashboard" }]}
      />
      {name !== "" && (
        <NativeSelect
          size="xs"
          label="Sheet"
          value={String(wanted)}
          onChange={(change) => setWanted(Number(change.currentTarget.value))}
          data={[...sheets.map((one, at) => ({ value: String(at), label: one.title || `Sheet ${at + 1}` })), { value: String(NEW_SHEET), label: "A new sheet" }]}
        />
      )}
      <NativeSelect
        size="xs"
        label="Chart"
        value={kind}
        onChange={(change) => setKind(CHARTS.find(({ value }) => value === change.currentTarget.value)?.value ?? chart)}
        data={DRAWN}
      />
      <TextInput size="xs" label="Title" maxLength={TITLE_MAX} value={title} onChange={(change) => setTitle(change.currentTarget.value)} />
      <p className={css.note}>{note} It goes on the draft, which opens; publish it for readers.</p>
      {failure && (
        <p className={css.failed} role="alert">
          {failureText(failure)}
        </p>
      )}
      <Button type="submit" size="xs" loading={adding.isPending} disabled={name !== "" && !kept.data}>
        Add
      </Button>
    </form>
  );
}

function fresh(title: string): Dashboard {
  return { title: title.trim() || "New dashboard", sheets: [{ title: "Overview", tiles: [] }] };
}
