import { exactNumber, shortNumber } from "../../../charts/data";
import { formatDuration } from "../../../format/format";
import type { Kind } from "./sheet";

const PERCENT = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** 0.4217 → "42.17 %". */
export function shareText(share: number | null): string {
  return share === null ? "–" : `${PERCENT.format(share * 100)} %`;
}

const ROUND = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** 0.4217 → "42.2 %", 0.2 → "20.0 %": for tables, where digits stand below each other. */
export function roundShare(share: number | null): string {
  return share === null ? "–" : `${ROUND.format(share * 100)} %`;
}

/** A number of a table, with all that it says. */
export function exactOf(value: number, kind: Kind): string {
  if (kind === "share") return shareText(value);
  return kind === "seconds" ? formatDuration(value) : exactNumber(value);
}

export function shortOf(value: number | null): string {
  return shortNumber(value);
}

/** ▲ 4.2 %, ▼ 3 %; "" where there is nothing to compare with. */
export function changeText(now: number | null, before: number | null): string {
  if (now === null || before === null || before === 0) return "";
  const change = (now - before) / before;
  if (change === 0) return "± 0 %";
  return `${change > 0 ? "▲" : "▼"} ${PERCENT.format(Math.abs(Math.round(change * 1000) / 10))} %`;
}
