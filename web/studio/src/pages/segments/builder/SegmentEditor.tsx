import { Button, Skeleton, TextInput } from "@mantine/core";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { failureText } from "../../../api/client";
import type { KeptSegment, Segment, SegmentRule } from "../../../api/generated";
import { useApps } from "../../../api/useApps";
import { AppChoice } from "../../../components/scene/AppChoice";
import { Failure } from "../../../components/states/Failure";
import { Loading } from "../../../components/states/Loading";
import { formatExact, formatPercent } from "../../../format/format";
import { changeQuery } from "../../../router/query";
import { useEventNames } from "../../explore/api";
import { OneOf } from "../../explore/builder/Choices";
import { useExploreFields } from "../../explore/state/useExploreFields";
import { zoneOf } from "../../explore/state/zone";
import { listSegments, nameOf, previewSegment, readSegment, saveSegment } from "../api";
import css from "../Segments.module.css";
import { useSizing } from "../useSizing";
import { RuleGroup } from "./RuleGroup";
import { asGroup, type Offered } from "./rules";

const UNITS = { visitor: "Visitors", user: "Users" } as const;
const EVERY = { day: "Each day", hour: "Each hour", week: "Each week", off: "Only by hand" } as const;
const FIRST: SegmentRule = { all: [{ did: { event: null, range: { last: 30, unit: "day" } } }] };

/** Makes or changes a segment; how many are in it is counted while it is changed. */
export function SegmentEditor({ name }: { readonly name: string }) {
  const query = useQuery({ queryKey: ["segments", name], queryFn: ({ signal }) => readSegment(name, signal), enabled: name !== "" });
  if (query.error) return <Failure title="The segment cannot be shown" error={query.error} retry={() => void query.refetch()} />;
  if (name && !query.data) {
    return (
      <Loading slow="The segment is still loading.">
        <Skeleton height={160} />
      </Loading>
    );
  }
  return <Editor kept={query.data?.segment ?? null} />;
}

function Editor({ kept }: { readonly kept: KeptSegment | null }) {
  const apps = useApps();
  const names = useEventNames();
  const fields = useExploreFields();
  const listed = useQuery({ queryKey: ["segments"], queryFn: ({ signal }) => listSegments(signal) });
  const segments = useMemo(() => (listed.data?.segments ?? []).map(({ segment }) => segment).filter(({ name }) => name !== kept?.name), [listed.data, kept]);
  const [title, setTitle] = useState(kept?.title ?? "");
  const [every, setEvery] = useState(kept?.every ?? "day");
  const [draft, setDraft] = useState<Segment>(() => ({ ...kept?.definition, rule: asGroup(kept?.definition.rule ?? FIRST) }));
  const zone = draft.zone && draft.zone !== "UTC" ? draft.zone : zoneOf(apps, draft.app ?? "");
  const definition = useMemo<Segment>(() => ({ ...draft, zone }), [draft, zone]);
  const offered = useMemo<Offered>(
    () => ({ names, fields, segments: segments.filter(({ definition: other }) => (other.unit ?? "visitor") === (draft.unit ?? "visitor")) }),
    [names, fields, segments, draft.unit],
  );
  const client = useQueryClient();
  const sizing = useSizing();
  const saving = useMutation({
    mutationFn: () => {
      const name = kept?.name ?? nameOf(title, (listed.data?.segments ?? []).map(({ segment }) => segment.name));
      return saveSegment(name, definition, { title: title.trim(), every, version: kept?.version ?? 0 });
    },
    onSuccess: async ({ segment }) => {
      await client.invalidateQueries({ queryKey: ["segments"] });
      sizing.mutate(segment.name);
      changeQuery({ name: segment.name, edit: "" }, "push");
    },
  });
  return (
    <>
      <div className={css.head}>
        <h1 className={css.title}>{kept ? `Change ${kept.title}` : "New segment"}</h1>
        <div className={css.row}>
          <Button variant="subtle" color="gray" size="xs" onClick={() => changeQuery({ edit: "" }, "push")}>
            Cancel
          </Button>
          <Button size="xs" loading={saving.isPending} disabled={title.trim() === "" || listed.data === undefined} onClick={() => saving.mutate()}>
            Save
          </Button>
        </div>
      </div>
      {saving.error && (
        <p className={css.failed} role="alert">
          {failureText(saving.error)}
        </p>
      )}
      <Preview definition={definition} isReady={apps !== null} />
      <div className={css.columns}>
        <div className={css.stack}>
          <RuleGroup rule={definition.rule ?? FIRST} depth={1} offered={offered} onChange={(rule) => setDraft({ ...draft, rule })} />
        </div>
        <div className={css.stack}>
          <TextInput size="xs" label="Name of the segment" maxLength={200} value={title} onChange={(change) => setTitle(change.currentTarget.value)} />
          <div className={css.two}>
            <OneOf label="Who" value={draft.unit ?? "visitor"} options={UNITS} onChange={(unit) => setDraft({ ...draft, unit })} />
            <AppChoice label="App" apps={apps} app={draft.app ?? ""} onChange={(app) => setDraft({ ...draft, app })} />
            <OneOf label="Note its size" value={every} options={EVERY} onChange={setEvery} />
          </div>
          <p className={css.note}>Days and weeks are those of {zone}.</p>
        </div>
      </div>
    </>
  );
}

/** What it means, and how many that are now. */
function Preview({ definition, isReady }: { readonly definition: Segment; readonly isReady: boolean }) {
  const query = useQuery({
    queryKey: ["segments", "preview", definition],
    queryFn: ({ signal }) => previewSegment(definition, signal),
    placeholderData: keepPreviousData,
    enabled: isReady,
    retry: false,
  });
  if (query.error) {
    return (
      <p className={`${css.failed} ${css.preview}`} role="alert">
        {failureText(query.error)}
      </p>
    );
  }
  if (!query.data) return <Skeleton className={css.preview ?? ""} height={72} />;
  const { words, size, total, notes } = query.data;
  return (
    <div className={css.preview}>
      <p className={css.sentence}>{words}</p>
      <p className={css.big} role="status" aria-busy={query.isPlaceholderData}>
        {formatExact(size)} <span className={css.share}>{total > 0 ? `${formatPercent(size, total)} of ${formatExact(total)}` : "nobody yet"}</span>
      </p>
      {notes.map((note) => (
        <p key={note} className={css.attention}>
          {note}
        </p>
      ))}
    </div>
  );
}
