import type { TileDataShape } from "../../../api/generated";
import { drawn, isDrawn } from "../../../charts/draw/draw";
import { readPalette } from "../../../charts/palette";
import type { ChartKind } from "../../../charts/draw/draw";

const PNG = { width: 960, height: 540 };

function field(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The answer as CSV (RFC 4180): a header line and rows. */
export function csvOf({ columns, rows }: Pick<TileDataShape, "columns" | "rows">): string {
  const lines = [columns.map(({ name }) => field(name)), ...rows.map((row) => row.map(field))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

export function saveCsv(title: string, data: Pick<TileDataShape, "columns" | "rows">): void {
  const url = URL.createObjectURL(new Blob([csvOf(data)], { type: "text/csv" }));
  save(url, `${fileName(title)}.csv`);
  // The browser has taken it once this task is over.
  setTimeout(() => URL.revokeObjectURL(url));
}

export async function savePng(title: string, kind: ChartKind, data: TileDataShape): Promise<void> {
  if (!isDrawn(kind)) return;
  const palette = readPalette();
  const { pngOf } = await import("../../../charts/png");
  save(pngOf(drawn(kind, data, palette), PNG.width, PNG.height, palette.raised), `${fileName(title)}.png`);
}

function fileName(title: string): string {
  return title.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "") || "tile";
}

function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
