import { Button, Popover } from "@mantine/core";
import { IconCalendar } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import css from "./RangePicker.module.css";
import { momentIn, type Preset, PRESETS, type Range, SPAN_PRESETS, wallIn } from "./range";

type Props = {
  readonly range: Range;
  readonly onChange: (range: Range) => void;
  /** The app's; what is typed is a time on its clocks. */
  readonly zone: string;
  /** What is offered by name. */
  readonly presets?: readonly Preset[];
  /** For tests. */
  readonly nowMs?: number;
};

/** A time range: one of a few, or from and to. */
export function RangePicker({ range, onChange, zone, presets = PRESETS, nowMs }: Props) {
  const [isOpen, setIsOpen] = useState(false);
  const [opened] = useState(() => nowMs ?? Date.now());
  const choose = (chosen: Range) => {
    setIsOpen(false);
    onChange(chosen);
  };
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconCalendar size={14} aria-hidden />}
          aria-label={`Time range: ${labelOf(range, zone)}`}
          onClick={() => setIsOpen(!isOpen)}
        >
          {labelOf(range, zone)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={css.dropdown} aria-label="Time range">
        <ul className={css.presets}>
          {presets.map(({ last, label }) => (
            <li key={last}>
              <button
                type="button"
                className={css.preset}
                aria-pressed={range.kind === "last" && range.last === last}
                onClick={() => choose({ kind: "last", last })}
              >
                {label}
              </button>
            </li>
          ))}
        </ul>
        <FromTo range={range} zone={zone} nowMs={opened} onChange={choose} />
      </Popover.Dropdown>
    </Popover>
  );
}

function FromTo({ range, zone, nowMs, onChange }: Required<Omit<Props, "presets">>) {
  const [since, setSince] = useState(wallIn(zone, range.kind === "between" ? range.sinceMs : nowMs - 86_400_000));
  const [until, setUntil] = useState(wallIn(zone, range.kind === "between" ? range.untilMs : nowMs));
  const [sinceMs, untilMs] = [momentIn(zone, since), momentIn(zone, until)];
  const isRange = sinceMs < untilMs;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isRange) onChange({ kind: "between", sinceMs, untilMs });
  };
  return (
    <form className={css.fromTo} onSubmit={submit}>
      <label className={css.field}>
        From
        <input type="datetime-local" value={since} onChange={(change) => setSince(change.currentTarget.value)} />
      </label>
      <label className={css.field}>
        To
        <input type="datetime-local" value={until} onChange={(change) => setUntil(change.currentTarget.value)} />
      </label>
      <p className={css.note} role="status">
        {isRange ? `Times of ${zone}` : "From must be before to."}
      </p>
      <Button type="submit" size="xs" disabled={!isRange}>
        Apply
      </Button>
    </form>
  );
}

function labelOf(range: Range, zone: string): string {
  if (range.kind === "between") {
    return `${shown(zone, range.sinceMs)} – ${shown(zone, range.untilMs)}`;
  }
  return [...PRESETS, ...SPAN_PRESETS].find(({ last }) => last === range.last)?.label ?? spanText(range.last);
}

const UNITS: Readonly<Record<string, string>> = { m: "minutes", h: "hours", d: "days", w: "weeks", mo: "months" };

/** `30d` in words. */
function spanText(last: string): string {
  const [, count = "", unit = ""] = /^(\d+)(\D+)$/.exec(last) ?? [];
  return UNITS[unit] ? `Last ${count} ${UNITS[unit]}` : `Last ${last}`;
}

function shown(zone: string, ms: number): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(ms);
}
