import { SegmentedControl } from "@mantine/core";
import type { LiveCounts } from "../../../api/generated";
import { Section } from "../../../components/Section";
import type { Clock } from "../../../format/format";
import { useQueryValue } from "../../../router/query";
import { MINUTE_METRICS, MinutesChart } from "./MinutesChart";
import css from "./MinutesPanel.module.css";

const NAMES = { visitors: "Visitors", views: "Views", events: "Events" };

export function MinutesPanel({ counts, clock }: { readonly counts: LiveCounts; readonly clock: Clock }) {
  const [asked, setAsked] = useQueryValue("by");
  const metric = MINUTE_METRICS.find((name) => name === asked) ?? "visitors";
  const choose = (value: string) => setAsked(value === "visitors" ? "" : value);
  return (
    <div className={css.panel}>
      <Section
        title="Last 30 minutes, by minute"
        aside={
          <SegmentedControl
            size="xs"
            aria-label="What the bars count"
            value={metric}
            onChange={choose}
            data={MINUTE_METRICS.map((value) => ({ value, label: NAMES[value] }))}
          />
        }
      >
        <MinutesChart series={counts.minutes} metric={metric} clock={clock} />
        <p className={css.zone}>Times in {clock.zone}</p>
      </Section>
    </div>
  );
}
