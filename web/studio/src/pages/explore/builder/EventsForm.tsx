import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { EventsQuestion, Series } from "../../../api/generated";
import { ADDS, LIST } from "../../../components/removed";
import type { Offered } from "./Builder";
import css from "./Builder.module.css";
import { FieldChoice, OneOf, Typed } from "./Choices";
import { EventChoice, ListTools, moved, replaced } from "./EventChoice";

const SERIES_MAX = 10;
const MEASURES = {
  events: "Events",
  visitors: "Visitors",
  users: "Users",
  sessions: "Sessions",
  sum: "Sum of",
  avg: "Average of",
  median: "Median of",
  p90: "90th percentile of",
  min: "Least of",
  max: "Most of",
  distinct: "Different values of",
} as const;
const OF_FIELD = new Set<string>(["sum", "avg", "median", "p90", "min", "max", "distinct"]);

type Props = { readonly question: EventsQuestion; readonly offered: Offered; readonly onChange: (question: EventsQuestion) => void };

export function EventsForm({ question, offered, onChange }: Props) {
  const { series } = question;
  const drag = (at: number) => ({ list: "series", onDrop: (from: number) => change(moved(series, from, at)) });
  const change = (changed: readonly Series[]) => onChange({ ...question, series: changed });
  return (
    <>
      <p className={css.part}>Series</p>
      <div className={css.list} {...LIST}>
        <div className={css.steps}>
          {series.map((one, at) => {
            const name = `Series ${letter(at)}`;
            const needsField = OF_FIELD.has(one.measure ?? "events");
            return (
              <EventChoice
                // Its place is its name.
                // oxlint-disable-next-line react/no-array-index-key
                key={at}
                label={name}
                value={one}
                names={offered.names}
                fields={offered.fields}
                onChange={(selector) => change(replaced(series, at, { ...one, ...selector }))}
                drag={drag(at)}
                tools={
                  <ListTools
                    drag={drag(at)}
                    name={name}
                    at={at}
                    count={series.length}
                    least={1}
                    onMove={(to) => change(moved(series, at, to))}
                    onRemove={() => change(series.filter((_, place) => place !== at))}
                  />
                }
              >
                <div className={css.two}>
                  <OneOf
                    label={`Measure of ${letter(at)}`}
                    value={one.measure ?? "events"}
                    options={MEASURES}
                    onChange={(measure) => change(replaced(series, at, { ...one, measure, of: OF_FIELD.has(measure) ? (one.of ?? "value") : null }))}
                  />
                  {needsField && (
                    <FieldChoice label="Field" none="Choose" value={one.of ?? ""} fields={offered.fields} onChange={(of) => change(replaced(series, at, { ...one, of: of || null }))} />
                  )}
                </div>
              </EventChoice>
            );
          })}
        </div>
        {series.length < SERIES_MAX && (
          <Button {...ADDS} variant="subtle" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => change([...series, { measure: "events" }])}>
            Add a series
          </Button>
        )}
      </div>
      {series.length > 1 && (
        <Typed
          label="Formula"
          description="Such as B / A * 100; several with ; between"
          value={(question.formulas ?? []).join("; ")}
          onChange={(text) => onChange({ ...question, formulas: text.split(";").flatMap((one) => one.trim() || []) })}
        />
      )}
    </>
  );
}

function letter(at: number): string {
  return String.fromCodePoint(65 + at);
}
