import type { AttributionRow, EventsAnswer, EventsRow, Selector } from "../../../api/generated";
import type { Answered } from "../api";
import { type Grouped, groupText } from "./groups";

/** What a number counts, opened by its key. */
export type Opening = { readonly cell: string; readonly count: number | null; readonly title: string };

export type Kind = "text" | "count" | "number" | "share" | "seconds";

export type SheetCell = { readonly value: string | number | boolean | null; readonly opening?: Opening | undefined };

/** An answer as a table whose numbers open: what the table view, the CSV and the drawer are made of. */
export type Sheet = {
  readonly columns: readonly { readonly name: string; readonly kind: Kind }[];
  readonly rows: readonly (readonly SheetCell[])[];
};

function text(value: string | null): SheetCell {
  return { value };
}

function plain(value: number | null): SheetCell {
  return { value };
}

function opens(count: number, cell: string | null, title: string): SheetCell {
  return { value: count, opening: cell === null ? undefined : { cell, count, title } };
}

/** Local time of a bucket, without its offset. */
export function bucketText(start: string): string {
  const wall = start.slice(0, 16).replace("T", " ");
  return wall.endsWith(" 00:00") ? wall.slice(0, 10) : wall;
}

export function sheetOf(answered: Answered, series: readonly (Selector & { readonly measure?: string })[]): Sheet {
  switch (answered.model) {
    case "events":
      return eventsSheet(answered.answer, series);
    case "funnel": {
      const { rows, by } = answered.answer;
      return {
        columns: [...groupColumn(by), column("step"), column("event"), column("count", "count"), column("of first", "share"), column("of previous", "share"), column("dropped", "count")],
        rows: rows.map((row) => [
          ...groupCell(by, row),
          plain(row.step),
          text(row.label),
          opens(row.count, row.cell, `${row.step} ${row.label}${ofGroup(by, row)}`),
          plain(row.of_first),
          plain(row.of_previous),
          row.dropped_cell === null ? plain(null) : opens(row.dropped, row.dropped_cell, `No further than ${row.step} ${row.label}${ofGroup(by, row)}`),
        ]),
      };
    }
    case "path": {
      const { rows, by } = answered.answer;
      return {
        columns: [...groupColumn(by), column("step"), column("from"), column("to"), column("count", "count")],
        rows: rows.map((row) => {
          const [from, to] = [nodeText(row.label), row.is_end ? "(end)" : nodeText(row.next_label)];
          return [...groupCell(by, row), plain(row.step), text(from), text(to), opens(row.count, row.cell, `${from} → ${to}, step ${row.step}${ofGroup(by, row)}`)];
        }),
      };
    }
    case "retention": {
      const { rows, cohorts, by } = answered.answer;
      return {
        columns: [...groupColumn(by), column("cohort"), column("size", "count"), column("period"), column("count", "count"), column("of", "count"), column("rate", "share")],
        rows: rows.map((row) => {
          const cohort = row.cohort === null ? "all" : bucketText(cohorts[row.cohort]?.start ?? "");
          const title = `Cohort ${cohort}${ofGroup(by, row)}`;
          return [
            ...groupCell(by, row),
            text(cohort),
            opens(row.size, row.size_cell, title),
            plain(row.period),
            opens(row.count, row.cell, `${title}, back in ${row.period}`),
            opens(row.observed, row.observed_cell, row.observed < row.size ? `${title}, ${row.period} is over` : title),
            plain(row.rate),
          ];
        }),
      };
    }
    case "lifecycle": {
      const { rows, units, by } = answered.answer;
      return {
        columns: [...groupColumn(by), column("from"), column("state"), column("count", "count")],
        rows: rows.map((row) => {
          const unit = bucketText(units[row.unit]?.start ?? "");
          return [...groupCell(by, row), text(unit), text(row.state), opens(row.count, row.cell, `${row.state}, ${unit}${ofGroup(by, row)}`)];
        }),
      };
    }
    case "attribution": {
      const { rows, value, by } = answered.answer;
      return {
        columns: [...groupColumn(by), column("touch point"), column("credit", "number"), column("share", "share"), column("conversions", "count"), column("touches", "number"), ...(value === null ? [] : [column("value", "number")])],
        rows: rows.map((row) => {
          const label = touchText(row);
          return [...groupCell(by, row), text(label), plain(row.credit), plain(row.share), opens(row.count, row.cell, `${label}${ofGroup(by, row)}`), plain(row.touches), ...(value === null ? [] : [plain(row.value)])];
        }),
      };
    }
    case "compare": {
      const { rows, by } = answered.answer;
      return {
        columns: [
          ...groupColumn(by),
          column("variant"),
          column("size", "count"),
          column("converted", "count"),
          column("rate", "share"),
          column("rate low", "share"),
          column("rate high", "share"),
          column("difference", "share"),
          column("difference low", "share"),
          column("difference high", "share"),
          column("lift", "share"),
          column("verdict"),
        ],
        rows: rows.map((row) => [
          ...groupCell(by, row),
          text(row.variant),
          opens(row.size, row.size_cell, `${row.variant}${ofGroup(by, row)}`),
          opens(row.count, row.cell, `${row.variant}, converted${ofGroup(by, row)}`),
          ...[row.rate, row.rate_low, row.rate_high, row.difference, row.difference_low, row.difference_high, row.lift].map(plain),
          text(row.verdict),
        ]),
      };
    }
  }
}

function eventsSheet({ rows, buckets, previous_buckets, by }: EventsAnswer, series: readonly { readonly measure?: string }[]): Sheet {
  return {
    columns: [column("from"), ...groupColumn(by), column("series"), column("value", "number")],
    rows: rows.map((row) => {
      const bucket = row.bucket === null ? null : ((row.is_previous ? previous_buckets : buckets)[row.bucket] ?? null);
      const when = bucket === null ? (row.is_previous ? "whole range before" : "whole range") : bucketText(bucket.start);
      return [text(when), ...groupCell(by, row), text(row.series), { value: row.value, opening: openingOf(row, by, when, series[row.number]?.measure) }];
    }),
  };
}

const SUMMED = new Set<string>(["sum", "avg", "median", "p90", "min", "max"]);

/** What an events row opens to; numbers that are no counts open to the events that they are of. */
export function openingOf(row: EventsRow, by: readonly string[], when: string, measure: string | undefined): Opening | undefined {
  if (row.cell === null) return undefined;
  const count = SUMMED.has(measure ?? "events") ? null : row.value;
  return { cell: row.cell, count, title: [row.series, by.length > 0 ? groupText(row) : "", when].filter(Boolean).join(", ") };
}

function column(name: string, kind: Kind = "text"): Sheet["columns"][number] {
  return { name, kind };
}

function groupColumn(by: readonly string[]) {
  return by.length > 0 ? [column(by.join(" · "))] : [];
}

function groupCell(by: readonly string[], row: Grouped): readonly SheetCell[] {
  return by.length > 0 ? [text(groupText(row))] : [];
}

/** Of whom a number is, after what it is; "" where there are no groups. */
export function ofGroup(by: readonly string[], row: Grouped): string {
  return by.length > 0 ? `, ${groupText(row)}` : "";
}

export function nodeText(label: string | null): string {
  return label ?? "(others)";
}

export function touchText({ is_direct, label }: AttributionRow): string {
  return is_direct ? "direct" : (label ?? "(none)");
}

/** What a key of the answer opens to; null where it is of another answer. */
export function openingIn({ rows }: Sheet, cell: string): Opening | null {
  for (const row of rows) for (const { opening } of row) if (opening?.cell === cell) return opening;
  return null;
}
