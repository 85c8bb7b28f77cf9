import "@mantine/core/styles/NumberInput.css";
import { Button, NativeSelect, NumberInput, SegmentedControl, Skeleton, Textarea, TextInput } from "@mantine/core";
import { IconCopy, IconTrash } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import type { Tile, TilePlace } from "../../../api/generated";
import { useFields, useTables } from "../fields/useFields";
import { CHARTS } from "./charts";
import { COLUMNS, withChart } from "./edits";
import { chartOf } from "../../explore/keep/tile";
import { firstOf } from "../../explore/state/question";
import { RANGES, rangeText } from "../view/range";
import css from "./Editor.module.css";
import { FieldList } from "./FieldList";
import { SavedPart } from "./SavedPart";
import { Wells } from "./Wells";

const ReportPart = lazy(() => import("./ReportPart"));

type Props = {
  readonly tile: Tile;
  readonly onChange: (tile: Tile, tag?: string) => void;
  readonly onPlace: (place: TilePlace) => void;
  readonly onCopy: () => void;
  readonly onRemove: () => void;
};

/** Everything about the chosen tile. */
export function Inspector({ tile, onChange, onPlace, onCopy, onRemove }: Props) {
  return (
    <div className={css.inspector}>
      <TextInput label="Title" size="xs" value={tile.title ?? ""} onChange={(change) => onChange({ ...tile, title: change.currentTarget.value }, `title ${tile.id}`)} />
      <NativeSelect
        label="Chart"
        size="xs"
        value={tile.chart}
        onChange={(change) => {
          const chart = CHARTS.find(({ value }) => value === change.currentTarget.value)?.value;
          if (chart) onChange(withChart(tile, chart));
        }}
        data={[...CHARTS]}
      />
      {tile.chart === "text" ? (
        <Textarea
          label="Text (Markdown)"
          size="xs"
          autosize
          minRows={6}
          maxRows={20}
          value={tile.text ?? ""}
          onChange={(change) => onChange({ ...tile, text: change.currentTarget.value }, `text ${tile.id}`)}
        />
      ) : (
        <QueryPart tile={tile} onChange={onChange} />
      )}
      {tile.chart !== "text" && <RangePart tile={tile} onChange={onChange} />}
      <PlacePart place={tile.place} onPlace={onPlace} />
      <div className={css.row}>
        <Button variant="default" size="xs" leftSection={<IconCopy size={14} aria-hidden />} onClick={onCopy}>
          Copy
        </Button>
        <Button variant="default" size="xs" leftSection={<IconTrash size={14} aria-hidden />} onClick={onRemove}>
          Remove
        </Button>
      </div>
    </div>
  );
}

const KINDS = [
  { value: "fields", label: "Fields" },
  { value: "sql", label: "SQL" },
  { value: "saved", label: "Saved" },
  { value: "report", label: "Report" },
];

function QueryPart({ tile, onChange }: Pick<Props, "tile" | "onChange">) {
  const { query } = tile;
  const kind = query?.kind ?? "fields";
  const choose = (value: string) => {
    if (value === kind) return;
    if (value === "sql") onChange({ ...tile, query: { kind: "sql", sql: FIRST_SQL } });
    if (value === "saved") onChange({ ...tile, query: { kind: "saved", name: "" } });
    if (value === "report") {
      const { options: _, ...rest } = tile;
      const asked = firstOf("events");
      onChange({ ...rest, chart: chartOf(asked), query: { kind: "report", ...asked } });
    }
    if (value === "fields") {
      const { options: _, ...rest } = tile;
      onChange(withChart({ ...rest, query: { kind: "fields", table: "events", x: { column: "event_name" }, y: { measure: "count" } } }, tile.chart));
    }
  };
  return (
    <>
      <SegmentedControl size="xs" aria-label="What it shows" value={kind} onChange={choose} data={KINDS} fullWidth />
      {query?.kind === "fields" && <FieldsPart tile={tile} onChange={onChange} />}
      {query?.kind === "sql" && <SqlPart tile={tile} sql={query.sql} onChange={onChange} />}
      {query?.kind === "saved" && <SavedPart tile={tile} query={query} onChange={onChange} />}
      {query?.kind === "report" && (
        <Suspense fallback={<Skeleton height={240} />}>
          <ReportPart key={`${tile.id} ${query.model}`} tile={tile} query={query} onChange={onChange} />
        </Suspense>
      )}
    </>
  );
}

const FIRST_SQL = `SELECT event_name, count(*) AS n
FROM events
WHERE event_time >= $from AND event_time < $to
GROUP BY ALL ORDER BY n DESC`;

function FieldsPart({ tile, onChange }: Pick<Props, "tile" | "onChange">) {
  const { query } = tile;
  const tables = useTables();
  const table = query?.kind === "fields" ? query.table : "events";
  const fields = useFields(table);
  if (query?.kind !== "fields") return null;
  const names = tables?.tables.map(({ name }) => name) ?? [table];
  return (
    <>
      <NativeSelect
        label="Table or view"
        size="xs"
        value={table}
        onChange={(change) => onChange({ ...tile, query: { kind: "fields", table: change.currentTarget.value, y: { measure: "count" } } })}
        data={names.includes(table) ? names : [table, ...names]}
      />
      <Wells tile={tile} query={query} fields={fields} onChange={(changed) => onChange({ ...tile, query: changed })} />
      <FieldList fields={fields} />
    </>
  );
}

type SqlProps = Pick<Props, "tile" | "onChange"> & { readonly sql: string };

/** The statement, run when it is left or with the button: half a statement is not asked. */
function SqlPart({ tile, sql, onChange }: SqlProps) {
  const [text, setText] = useState(sql);
  const [shown, setShown] = useState(sql);
  if (shown !== sql) {
    setShown(sql);
    setText(sql);
  }
  const run = () => {
    if (text.trim() && text !== sql) onChange({ ...tile, query: { kind: "sql", sql: text } });
  };
  return (
    <>
      <Textarea
        label="SQL"
        description="$from and $to are the ends of the time range, $zone is the dashboard's time zone"
        size="xs"
        autosize
        minRows={6}
        maxRows={20}
        spellCheck={false}
        classNames={{ input: css.code ?? "" }}
        value={text}
        onChange={(change) => setText(change.currentTarget.value)}
        onBlur={run}
        onKeyDown={(press) => {
          if (press.key === "Enter" && (press.ctrlKey || press.metaKey)) run();
        }}
      />
      <Button variant="default" size="xs" onClick={run}>
        Run
      </Button>
      <OptionsPart tile={tile} onChange={onChange} />
    </>
  );
}

const OPTIONS = [
  { role: "x", label: "Column of x" },
  { role: "colour", label: "Column of colour" },
  { role: "size", label: "Column of size" },
] as const;

function OptionsPart({ tile, onChange }: Pick<Props, "tile" | "onChange">) {
  const options = tile.options ?? {};
  return (
    <details className={css.details}>
      <summary>Columns by name</summary>
      <p className={css.hint}>Left empty, they are chosen by their types.</p>
      {OPTIONS.map(({ role, label }) => (
        <TextInput
          key={role}
          label={label}
          size="xs"
          defaultValue={options[role] ?? ""}
          onBlur={(change) => change.currentTarget.value !== (options[role] ?? "") && onChange({ ...tile, options: { ...options, [role]: change.currentTarget.value } })}
        />
      ))}
      <TextInput
        label="Columns of y"
        description="Several with commas"
        size="xs"
        defaultValue={(options.y ?? []).join(", ")}
        onBlur={(change) => onChange({ ...tile, options: { ...options, y: change.currentTarget.value.split(",").map((name) => name.trim()).filter(Boolean) } })}
      />
    </details>
  );
}

/** The dashboard's range, or one of the tile's own. */
function RangePart({ tile, onChange }: Pick<Props, "tile" | "onChange">) {
  const { range: own, ...rest } = tile;
  const known = own && RANGES.find(({ range }) => range.last === own.last && range.unit === (own.unit ?? "day"))?.value;
  return (
    <NativeSelect
      label="Time range"
      size="xs"
      value={own ? (known ?? "own") : ""}
      onChange={(change) => {
        const range = RANGES.find(({ value }) => value === change.currentTarget.value)?.range;
        onChange(range ? { ...rest, range } : rest);
      }}
      data={[
        { value: "", label: "The dashboard's" },
        ...(own && !known ? [{ value: "own", label: rangeText(own) }] : []),
        ...RANGES.map(({ value, label }) => ({ value, label: `${label}, always` })),
      ]}
    />
  );
}

const SIDES = [
  { side: "x", label: "Left", max: COLUMNS - 1, min: 0 },
  { side: "y", label: "Top", max: 400, min: 0 },
  { side: "w", label: "Width", max: COLUMNS, min: 1 },
  { side: "h", label: "Height", max: 24, min: 1 },
] as const;

function PlacePart({ place, onPlace }: { readonly place: TilePlace; readonly onPlace: Props["onPlace"] }) {
  return (
    <div className={css.sides}>
      {SIDES.map(({ side, label, max, min }) => (
        <NumberInput key={side} label={label} size="xs" min={min} max={max} allowDecimal={false} value={place[side]} onChange={(value) => typeof value === "number" && value !== place[side] && onPlace({ ...place, [side]: value })} />
      ))}
    </div>
  );
}
