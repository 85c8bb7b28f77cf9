import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import type { LiveCounts } from "../../../api/generated";
import { Section } from "../../../components/Section";
import { changeQuery, useQueryValue } from "../../../router/query";
import { PANELS, type Panel } from "../narrowing/filters";
import { pick, useNarrowing } from "../narrowing/useNarrowing";
import css from "./TopPanels.module.css";
import { TopTable } from "./TopTable";

const SHOWN = 7;
const SIDES = [
  { value: "devices", label: "Device" },
  { value: "browsers", label: "Browser" },
  { value: "systems", label: "System" },
] as const;

/** What is most frequent in the last 30 minutes. */
export function TopPanels({ counts }: { readonly counts: LiveCounts }) {
  const [asked, setAsked] = useQueryValue("with");
  const side = SIDES.find(({ value }) => value === asked)?.value ?? "devices";
  return (
    <div className={css.panels}>
      <TopPanel panel="pages" counts={counts} />
      <TopPanel panel="events" counts={counts} />
      <TopPanel panel="sources" counts={counts} />
      <TopPanel
        panel={side}
        counts={counts}
        aside={
          <SegmentedControl
            size="xs"
            aria-label="What visitors use"
            value={side}
            onChange={(value) => setAsked(value === "devices" ? "" : value)}
            data={SIDES.map(({ value, label }) => ({ value, label }))}
          />
        }
      />
    </div>
  );
}

type PanelProps = { readonly panel: Panel; readonly counts: LiveCounts; readonly aside?: ReactNode };

function TopPanel({ panel, counts, aside }: PanelProps) {
  const { filters } = useNarrowing();
  const { title, unit } = PANELS[panel];
  const top = counts[panel];
  const more = top.rows.length - SHOWN;
  return (
    <Section title={title} aside={aside ?? <span className={css.unit}>{unit}</span>}>
      <TopTable
        top={top}
        panel={panel}
        caption={`${title} by ${unit}`}
        rowsMax={SHOWN}
        none={`No ${unit} yet`}
        filters={filters}
        onPick={(filter) => pick(filters, filter)}
      />
      {more > 0 && (
        <button type="button" className={css.more} onClick={() => changeQuery({ list: panel }, "push")}>
          All {title.toLowerCase()}
        </button>
      )}
    </Section>
  );
}
