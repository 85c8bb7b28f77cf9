import type { RuleView } from "../../../api/generated";

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** What a rule says, in one line. */
export function saidOf({ kind, options }: RuleView): string {
  const app = text(options.app) === "" ? "" : ` of ${text(options.app)}`;
  if (kind === "session") return `a session${app} with ${text(options.when)}`;
  const over = text(options.over) || "events";
  const window = text(options.window) || "5m";
  if (options.measure === "absence") return `no ${over}${app} for ${window}`;
  const of = text(options.of) === "" ? "" : ` of ${text(options.of)}`;
  const what = `${text(options.measure) || "count"}${of} over ${over}${app} in ${window}`;
  if (kind === "anomaly") return `${what}, unlike past weeks`;
  const bounds = [
    ...(text(options.above) === "" ? [] : [`above ${text(options.above)}`]),
    ...(text(options.below) === "" ? [] : [`below ${text(options.below)}`]),
  ];
  return `${what}, ${bounds.join(" or ")}`;
}

/** Spans that a back-test is offered over. */
export const SPANS = ["1d", "7d", "30d", "90d"] as const;

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** A back-test looks at so many windows at most. */
const WINDOWS_MAX = 50_000;

/** The span that a back-test begins with: a week, or a day where a week has more windows than are looked at. */
export function spanOf(kind: unknown, options: RuleView["options"]): (typeof SPANS)[number] {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text(options.every) || text(options.window) || "5m") ?? [];
  const every = Number(count) * (SECONDS[unit ?? ""] ?? Number.NaN);
  const weeks = kind === "anomaly" ? 1 + (Number(text(options.weeks)) || 4) : 1;
  return kind !== "session" && (weeks * 7 * 86_400) / every > WINDOWS_MAX ? "1d" : "7d";
}
