import { SegmentedControl } from "@mantine/core";
import type { LiveSnapshot } from "../api/generated";
import { useQueryValue } from "../url/useQuery";
import { Section } from "./Section";
import { TopTable } from "./TopTable";
import css from "./TopPanels.module.css";

const SIDES = [
  { value: "devices", label: "Device" },
  { value: "browsers", label: "Browser" },
  { value: "systems", label: "System" },
] as const;

/** What is most frequent in the last 30 minutes. */
export function TopPanels({ snapshot }: { readonly snapshot: LiveSnapshot }) {
  const [asked, setAsked] = useQueryValue("with");
  const side = SIDES.find(({ value }) => value === asked)?.value ?? "devices";
  return (
    <div className={css.panels}>
      <Section title="Pages" aside={<Unit>views</Unit>}>
        <TopTable top={snapshot.pages} caption="Most viewed pages" unit="views" none="No views yet" />
      </Section>
      <Section title="Events" aside={<Unit>events</Unit>}>
        <TopTable top={snapshot.events} caption="Most frequent events" unit="events" none="No events yet" />
      </Section>
      <Section title="Sources" aside={<Unit>visitors</Unit>}>
        <TopTable
          top={snapshot.sources}
          caption="Where visitors came from"
          unit="visitors"
          none="No visitors yet"
          nothing="Direct or unknown"
        />
      </Section>
      <Section
        title="Devices"
        aside={
          <SegmentedControl
            size="xs"
            aria-label="What visitors use"
            value={side}
            onChange={(value) => setAsked(value === "devices" ? "" : value)}
            data={SIDES.map(({ value, label }) => ({ value, label }))}
          />
        }
      >
        <TopTable top={snapshot[side]} caption="What visitors use" unit="visitors" none="No visitors yet" nothing="Unknown" />
      </Section>
    </div>
  );
}

function Unit({ children }: { readonly children: string }) {
  return <span className={css.unit}>{children}</span>;
}
