import { ActionIcon, Button } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconPlus } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { ApiError, failureText } from "../../../api/client";
import type { KeptDashboard, TilePlace } from "../../../api/generated";
import { changeQuery, useQueryValue } from "../../../router/query";
import { discardDraft, readTile, readTileParquet, saveDashboard } from "../api";
import type { TileSource } from "../tile/source";
import { Sheets } from "../view/Sheets";
import { useCutMark } from "../view/useCutMark";
import { AboutDashboard } from "./AboutDashboard";
import { addTile, changeSheet, changeTile, freshTile, placeTiles, removeTile } from "./edits";
import css from "./Editor.module.css";
import { Grid } from "./Grid";
import { useHistory } from "./history";
import { Inspector } from "./Inspector";

/** Make a dashboard by hand: what is changed is seen at once, kept as a draft, and published when it is good. */
export default function DashboardEditor({ kept }: { readonly kept: KeptDashboard }) {
  const { now: dashboard, change, undo, redo, canUndo, canRedo } = useHistory(kept.definition);
  // Whoever adds a tile elsewhere leads to it.
  const [sheetAsked] = useQueryValue("sheet");
  const [tileAsked] = useQueryValue("tile");
  const [at, setAt] = useState(() => Math.max(0, Number(sheetAsked || "1") - 1 || 0));
  const [chosen, setChosen] = useState(tileAsked);
  const mark = useCutMark();
  const place = Math.min(at, dashboard.sheets.length - 1);
  const sheet = dashboard.sheets[place] ?? { title: "", tiles: [] };
  const tile = (sheet.tiles ?? []).find(({ id }) => id === chosen) ?? null;
  const scene = useMemo(
    () => ({ range: dashboard.range ?? { last: 7 }, filters: dashboard.filters ?? [], zone: dashboard.zone ?? "UTC" }),
    [dashboard.range, dashboard.filters, dashboard.zone],
  );
  const source: TileSource = useMemo(
    () => ({ key: [scene], range: scene.range, filters: scene.filters, read: (one, signal) => readTile(one, scene, signal), parquet: (one) => readTileParquet(one, scene), mark, open: null }),
    [scene, mark],
  );
  useUndoKeys(undo, redo);
  const onSheet = (edit: Parameters<typeof changeSheet>[2], tag = "") => change(changeSheet(dashboard, place, edit), tag);
  const add = (like?: typeof tile) => {
    const made = freshTile(dashboard, sheet, like ?? undefined);
    onSheet((one) => addTile(one, made));
    setChosen(made.id);
  };
  const onPlace = (places: ReadonlyMap<string, TilePlace>) => onSheet((one) => placeTiles(one, places));
  return (
    <div className={css.editor}>
      <div className={css.bar}>
        <h1 className={css.title}>{dashboard.title || "Dashboard"}</h1>
        <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => add()}>
          Add a tile
        </Button>
        <ActionIcon variant="default" aria-label="Undo" disabled={!canUndo} onClick={undo}>
          <IconArrowBackUp size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="default" aria-label="Redo" disabled={!canRedo} onClick={redo}>
          <IconArrowForwardUp size={16} aria-hidden />
        </ActionIcon>
        <Keeping kept={kept} definition={dashboard} />
      </div>
      <Sheets sheets={dashboard.sheets} chosen={place} onChoose={setAt} />
      <div className={css.panes}>
        <div className={css.sheet}>
          {(sheet.tiles ?? []).length === 0 && <p className={css.hint}>This sheet is empty. Add a tile, then drag fields to where they belong.</p>}
          <Grid sheet={sheet} source={source} chosen={chosen} onChoose={(id) => setChosen(id === chosen ? "" : id)} onPlace={onPlace} />
        </div>
        <aside className={css.side} aria-label={tile ? `Tile ${tile.title || tile.id}` : "Dashboard"}>
          {tile ? (
            <Inspector
              key={tile.id}
              tile={tile}
              onChange={(next, tag) => onSheet((one) => changeTile(one, next), tag)}
              onPlace={(next) => onPlace(new Map([[tile.id, next]]))}
              onCopy={() => add(tile)}
              onRemove={() => {
                onSheet((one) => removeTile(one, tile.id));
                setChosen("");
              }}
            />
          ) : (
            <AboutDashboard dashboard={dashboard} sheet={place} onChange={change} onSheet={setAt} />
          )}
        </aside>
      </div>
    </div>
  );
}

/** Ctrl-Z and Ctrl-Shift-Z, but not while a text is written: that has its own. */
function useUndoKeys(undo: () => void, redo: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isText = event.target instanceof HTMLElement && event.target.matches("input, textarea, [contenteditable]");
      if (isText || !(event.ctrlKey || event.metaKey)) return;
      const key = event.key.toLowerCase();
      if (key !== "z" && key !== "y") return;
      event.preventDefault();
      if (key === "y" || event.shiftKey) redo();
      else undo();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [undo, redo]);
}

type KeepingProps = { readonly kept: KeptDashboard; readonly definition: KeptDashboard["definition"] };

/** Save, publish, leave; and what went wrong with it. */
function Keeping({ kept, definition }: KeepingProps) {
  const client = useQueryClient();
  const [last, setLast] = useState(kept);
  const [saved, setSaved] = useState(kept.definition);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const isChanged = saved !== definition;
  const keep = async (work: () => Promise<KeptDashboard>) => {
    setIsBusy(true);
    setError(null);
    try {
      setLast(await work());
      setSaved(definition);
      await client.invalidateQueries({ queryKey: ["dashboards"], exact: true });
      return true;
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
      return false;
    } finally {
      setIsBusy(false);
    }
  };
  const leave = async () => {
    await client.invalidateQueries({ queryKey: ["dashboards", kept.name] });
    changeQuery({ edit: "", tile: "" }, "push");
  };
  const publish = async () => {
    if (await keep(() => saveDashboard(kept.name, definition, last.version, true))) await leave();
  };
  const discard = async () => {
    if (await keep(() => discardDraft(kept.name))) await leave();
  };
  useLeaveWarning(isChanged);
  return (
    <div className={css.keeping}>
      <span className={css.hint} role="status">
        {isChanged ? "Not saved" : last.is_draft ? "Draft saved" : "Published"}
      </span>
      <Button variant="default" size="xs" loading={isBusy} disabled={!isChanged} onClick={() => void keep(() => saveDashboard(kept.name, definition, last.version, false))}>
        Save draft
      </Button>
      {last.is_published && last.is_draft && !isChanged && (
        <Button variant="default" size="xs" onClick={() => void discard()}>
          Drop the draft
        </Button>
      )}
      <Button size="xs" loading={isBusy} onClick={() => void publish()}>
        Publish
      </Button>
      <Button variant="subtle" color="gray" size="xs" onClick={() => void leave()}>
        {isChanged ? "Leave without saving" : "Done"}
      </Button>
      {error && (
        <p className={css.error} role="alert">
          {failureText(error)}
          {error instanceof ApiError && error.failure.kind === "problem" && error.failure.problem.code === "conflict" && " Your changes are still here."}
        </p>
      )}
    </div>
  );
}

function useLeaveWarning(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isChanged]);
}
