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
