const WHOLE = new Intl.NumberFormat("en");
const ONE_DIGIT = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const STEPS = [
  { from: 1e9, unit: "bn" },
  { from: 1e6, unit: "M" },
  { from: 1e3, unit: "k" },
];

/** 1,234 → "1,234"; 12,400 → "12.4 k": short enough for a list, exact in `formatExact`. */
export function formatCount(value: number): string {
  if (value < 10_000) return WHOLE.format(value);
  const step = STEPS.find(({ from }) => value >= from);
  return step ? `${ONE_DIGIT.format(value / step.from)} ${step.unit}` : WHOLE.format(value);
}

export function formatExact(value: number): string {
  return WHOLE.format(value);
}

/** 1 → "1 session", 1200 → "1,200 sessions". */
export function counted(count: number, what: string): string {
  return `${formatExact(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** Events per second: one digit while it says something. */
export function formatRate(value: number): string {
  return value >= 100 ? formatCount(Math.round(value)) : ONE_DIGIT.format(value);
}

export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  return `${ONE_DIGIT.format((100 * part) / whole)} %`;
}

const BYTE_UNITS = ["KiB", "MiB", "GiB", "TiB"];

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${WHOLE.format(bytes)} B`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), BYTE_UNITS.length);
  return `${ONE_DIGIT.format(bytes / 1024 ** power)} ${BYTE_UNITS[power - 1]}`;
}

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** 133 → "2 m 13 s". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole >= 2 * DAY) return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
  if (whole < HOUR) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  return `${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / 60)} m`;
}

export type Clock = {
  /** 12:34 */
  readonly minute: (us: number) => string;
  /** 12:34:56 */
  readonly second: (us: number) => string;
  /** 24 Nov, 12:34:56 */
  readonly moment: (us: number) => string;
  /** 24 Nov 2026, 12:34:56.789 */
  readonly full: (us: number) => string;
  readonly zone: string;
};

/** Formats microseconds since 1970 in a time zone; one that the browser does not know becomes UTC. */
export function clockIn(zone: string): Clock {
  const timeZone = isZone(zone) ? zone : "UTC";
  const hm: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone };
  const minute = new Intl.DateTimeFormat("en-GB", hm);
  const second = new Intl.DateTimeFormat("en-GB", { ...hm, second: "2-digit" });
  const moment = new Intl.DateTimeFormat("en-GB", { ...hm, second: "2-digit", day: "numeric", month: "short" });
  const full = new Intl.DateTimeFormat("en-GB", {
    ...hm,
    second: "2-digit",
    fractionalSecondDigits: 3,
    day: "numeric",
    month: "short",
    year: "numeric",
  });
  return {
    minute: ofMicroseconds(minute),
    second: ofMicroseconds(second),
    moment: ofMicroseconds(moment),
    full: ofMicroseconds(full),
    zone: timeZone,
  };
}

function ofMicroseconds(format: Intl.DateTimeFormat): (us: number) => string {
  return (us) => format.format(us / 1000);
}

function isZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}

/** The ends of a long id. By characters as people see them, so that no emoji is cut in two. */
export function shortId(id: string | null): string | null {
  if (!id) return id;
  const letters = [...SEGMENTS.segment(id)].map(({ segment }) => segment);
  return letters.length > 14 ? `${letters.slice(0, 8).join("")}…${letters.slice(-4).join("")}` : id;
}

const SEGMENTS = new Intl.Segmenter();
