import { Button, NativeSelect } from "@mantine/core";
import { IconBookmarks } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useApps } from "../../api/useApps";
import { SceneBar } from "../../components/scene/SceneBar";
import { changeQuery, useQueryValue } from "../../router/query";
import { rangeOf, shownOf } from "../dashboards/view/range";
import { useEventNames } from "./api";
import { Builder, withCommon } from "./builder/Builder";
import css from "./ExplorePage.module.css";
import { Folded } from "./Folded";
import { CHARTS, ResultPanel } from "./result/ResultPanel";
import { SavedDrawer } from "./saved/SavedDrawer";
import { useExploreFields } from "./state/useExploreFields";
import { missingIn } from "./state/missing";
import { commonOf, firstOf, formatAsked, MODELS } from "./state/question";
import { useAsked } from "./state/useAsked";
import { zoneOf } from "./state/zone";

const BOTS = [
  { value: "exclude", label: "People" },
  { value: "include", label: "People and bots" },
  { value: "only", label: "Bots" },
] as const;

/** What the server takes where a question names none. */
const UNSAID_RANGE = { last: 30, unit: "day" } as const;

/** One builder for all models: the question on the left, its answer on the right, both in the address. */
export default function Page() {
  const apps = useApps();
  const names = useEventNames();
  const fields = useExploreFields();
  const { asked, isBroken, ask } = useAsked();
  const [view] = useQueryValue("view");
  const [isListed, setIsListed] = useState(false);
  const { question } = asked;
  const zone = question.zone ?? zoneOf(apps, question.app ?? "");
  const complete = useMemo(() => (asked.question.zone ? asked : withCommon(asked, { zone })), [asked, zone]);
  const offered = useMemo(() => ({ names, fields }), [names, fields]);
  const shown = useMemo(() => shownOf(question.range ?? UNSAID_RANGE, zone), [question.range, zone]);
  return (
    <>
      <div className={css.head}>
        <SceneBar
          title="Explore"
          apps={apps}
          app={question.app ?? ""}
          onApp={(app) => ask(withCommon(asked, { app }))}
          range={shown}
          onRange={(range) => ask(withCommon(asked, { range: rangeOf(range) }))}
          zone={zone}
          {...(asked.model === "compare" ? {} : { compare: question.compare ?? "none", onCompare: (compare) => ask(withCommon(asked, { compare })) })}
          {...(asked.model === "events" ? { granularity: asked.question.granularity ?? "day", onGranularity: (granularity) => ask({ model: "events", question: { ...asked.question, granularity } }) } : {})}
        >
          <Button variant="default" size="xs" leftSection={<IconBookmarks size={14} aria-hidden />} onClick={() => setIsListed(true)}>
            Saved reports
          </Button>
          <NativeSelect
            size="xs"
            aria-label="Whose events"
            value={question.bots ?? "exclude"}
            onChange={(change) => {
              const bots = BOTS.find(({ value }) => value === change.currentTarget.value)?.value;
              if (bots) ask(withCommon(asked, { bots }));
            }}
            data={[...BOTS]}
          />
        </SceneBar>
      </div>
      <SavedDrawer isOpen={isListed} onClose={() => setIsListed(false)} />
      <nav className={css.models} aria-label="Model">
        {MODELS.map(({ model, label }) => {
          const { q } = formatAsked(model === asked.model ? asked : firstOf(model, commonOf(question)));
          return (
            <Link key={model} href={`/explore?${new URLSearchParams({ model, q }).toString()}`} className={css.model} aria-current={model === asked.model ? "page" : undefined}>
              {label}
            </Link>
          );
        })}
      </nav>
      {isBroken && <p className={css.broken}>The address has a question that cannot be read; this is a new one.</p>}
      <div className={css.page}>
        <Folded key={asked.model} isFirst={missingIn(asked) !== null}>
          <Builder asked={asked} offered={offered} onChange={ask} />
        </Folded>
        {apps && (
          <ResultPanel
            asked={complete}
            tools={
              asked.model === "events" && (
                <NativeSelect size="xs" aria-label="Chart" value={view} onChange={(change) => changeQuery({ view: change.currentTarget.value }, "push")} data={[...CHARTS]} />
              )
            }
          />
        )}
      </div>
    </>
  );
}
