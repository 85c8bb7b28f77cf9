import type { SegmentPart, TileDataShape } from "../../../api/generated";
import { type ChartData, columnAt, isNumber } from "../../../charts/data";
import type { Segment } from "../api";

/** What one row of an answer stands for: the values that its groups have. */
export function segmentOf(data: TileDataShape, row: number): Segment {
  const cell = data.cells?.[row] ?? null;
  if (data.cells) return { parts: [], cell, at: data.segments_at ?? null };
  return { parts: groupsOf(data).map((at) => partOf(data, at, row)), cell: null, at: null };
}

/** Columns that a number is broken down by: those drawn across and as colours, no measures. */
export function groupsOf(data: ChartData): readonly number[] {
  const [x, colour] = [columnAt(data, data.roles.x), columnAt(data, data.roles.colour)];
  const measured = new Set([...(data.roles.y ?? []), data.roles.size].map((name) => columnAt(data, name)));
  return [x, ...(colour >= 0 && !(isNumber(data, colour) && data.roles.size) ? [colour] : [])].filter(
    (at) => at >= 0 && !measured.has(at),
  );
}

function partOf(data: TileDataShape, at: number, row: number): SegmentPart {
  const value = data.rows[row]?.[at] ?? null;
  const plain = typeof value === "object" && value !== null ? JSON.stringify(value) : value;
  return { column: data.columns[at]?.name ?? "", value: plain };
}
