import { Button, NativeSelect, Textarea } from "@mantine/core";
import { useMemo, useState } from "react";
import { useApps } from "../../../api/useApps";
import type { ReportQuery, Tile } from "../../../api/generated";
import { useEventNames } from "../../explore/api";
import { Builder, withCommon } from "../../explore/builder/Builder";
import { chartOf } from "../../explore/keep/tile";
import { missingIn } from "../../explore/state/missing";
import { type Asked, firstOf, MODELS, parseAsked } from "../../explore/state/question";
import { useExploreFields } from "../../explore/state/useExploreFields";
import css from "./Editor.module.css";

type Props = { readonly tile: Tile; readonly query: ReportQuery; readonly onChange: (tile: Tile, tag?: string) => void };

/** The question of a report tile: the same forms as on Explore. Range and zone are the dashboard's. */
export default function ReportPart({ tile, query, onChange }: Props) {
  const apps = useApps();
  const names = useEventNames();
  const fields = useExploreFields();
  const offered = useMemo(() => ({ names, fields }), [names, fields]);
  const { asked: kept, isBroken } = useMemo(() => parseAsked(query.model, JSON.stringify(query.question)), [query]);
  // What lacks something is not asked; it waits here until it is whole.
  const [draft, setDraft] = useState<Asked | null>(null);
  const asked = draft ?? kept;
  const missing = draft ? missingIn(draft) : null;
  const take = (next: Asked) => {
    if (missingIn(next)) {
      setDraft(next);
      return;
    }
    setDraft(null);
    const chart = next.model === query.model ? tile.chart : chartOf(next);
    const { options: former, ...rest } = tile;
    const options = next.model === query.model && former ? { options: former } : {};
    onChange({ ...rest, ...options, chart, query: { kind: "report", model: next.model, question: next.question } });
  };
  return (
    <>
      <NativeSelect
        label="Kind of report"
        size="xs"
        value={asked.model}
        onChange={(change) => {
          const model = MODELS.find((one) => one.model === change.currentTarget.value)?.model;
          if (model) take(firstOf(model));
        }}
        data={MODELS.map(({ model, label }) => ({ value: model, label }))}
      />
      <NativeSelect
        label="App"
        size="xs"
        value={asked.question.app ?? ""}
        onChange={(change) => take(withCommon(asked, { app: change.currentTarget.value }))}
        data={[{ value: "", label: "All apps" }, ...(apps?.apps ?? []).map(({ app }) => ({ value: app.app_id, label: app.name }))]}
      />
      {isBroken && !draft ? (
        <QuestionText query={query} onChange={(question) => onChange({ ...tile, query: { ...query, question } })} />
      ) : (
        <Builder asked={asked} offered={offered} onChange={take} />
      )}
      {missing && (
        <p className={css.hint} role="status">
          {missing}
        </p>
      )}
    </>
  );
}

type TextProps = { readonly query: ReportQuery; readonly onChange: (question: ReportQuery["question"]) => void };

/** A question in a short form that the page's own forms do not know: as JSON. */
function QuestionText({ query, onChange }: TextProps) {
  const [text, setText] = useState(() => JSON.stringify(query.question, null, 2));
  const question = objectIn(text);
  return (
    <>
      <Textarea
        label="Question (JSON)"
        size="xs"
        autosize
        minRows={6}
        maxRows={20}
        spellCheck={false}
        classNames={{ input: css.code ?? "" }}
        error={question ? undefined : "This is no JSON object"}
        value={text}
        onChange={(change) => setText(change.currentTarget.value)}
      />
      <Button variant="default" size="xs" disabled={!question} onClick={() => question && onChange(question)}>
        Ask
      </Button>
    </>
  );
}

function objectIn(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === "object" && found !== null && !Array.isArray(found) ? { ...found } : null;
  } catch {
    return null;
  }
}
