import type { SegmentPart } from "../../../api/generated";
import type { QueryChanges } from "../../../router/query";
import type { Segment } from "../api";

const NOTHING: Segment = { parts: [], cell: null, at: null };

/** How an opened segment stands in the address. */
export function segmentParameters(tile: string, { parts, cell, at }: Segment): QueryChanges {
  return { rows: tile, of: cell ?? (parts.length > 0 ? JSON.stringify(parts.map(({ column, value }) => [column, value ?? null])) : ""), as_of: at ?? "" };
}

/** The segment of an address: a list of columns and values, or a report's key. */
export function segmentIn(text: string, at: string): Segment {
  if (text === "") return NOTHING;
  try {
    const found: unknown = JSON.parse(text);
    if (Array.isArray(found)) return { parts: found.flatMap(partOf), cell: null, at: null };
  } catch {
    return NOTHING;
  }
  return { parts: [], cell: text, at: at || null };
}

function partOf(pair: unknown): readonly SegmentPart[] {
  if (!Array.isArray(pair)) return [];
  const [column, value] = pair;
  const isPlain = value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return typeof column === "string" && isPlain ? [{ column, value }] : [];
}
