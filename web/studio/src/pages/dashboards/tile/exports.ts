import type { TileDataShape } from "../../../api/generated";
import { drawn, isDrawn } from "../../../charts/draw/draw";
import { type Palette, readPalette } from "../../../charts/palette";
import type { ChartKind } from "../../../charts/draw/draw";
import { wordsOf } from "./number";

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
  saveBlob(title, new Blob([csvOf(data)], { type: "text/csv" }), "csv");
}

export function saveData(title: string, address: string, suffix: string): void {
  save(address, `${fileName(title)}.${suffix}`);
}

export function saveBlob(title: string, data: Blob, suffix: string): void {
  const url = URL.createObjectURL(data);
  save(url, `${fileName(title)}.${suffix}`);
  // The browser has taken it once this task is over.
  setTimeout(() => URL.revokeObjectURL(url));
}

export async function savePng(title: string, kind: ChartKind, data: TileDataShape): Promise<void> {
  const palette = readPalette();
  if (kind === "number") save(pictureOf(wordsOf(data), palette), `${fileName(title)}.png`);
  if (!isDrawn(kind)) return;
  const { pngOf } = await import("../../../charts/png");
  save(pngOf(drawn(kind, data, palette), PNG.width, PNG.height, palette.raised), `${fileName(title)}.png`);
}

/** Whether a tile of this kind has a picture. */
export function hasPicture(kind: ChartKind): boolean {
  return isDrawn(kind) || kind === "number";
}

/** A number as large as on its tile. */
function pictureOf(text: string, palette: Palette): string {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * PNG.width, 2 * PNG.height];
  const pen = canvas.getContext("2d");
  if (!pen) return "data:,";
  pen.fillStyle = palette.raised;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = palette.text;
  pen.font = `600 ${canvas.height / 3}px "Inter Variable"`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(text, canvas.width / 2, canvas.height / 2, canvas.width * 0.9);
  return canvas.toDataURL("image/png");
}

/** A file from the server, kept under the tile's title. */
export async function saveParquet(title: string, read: () => Promise<Blob>): Promise<void> {
  const url = URL.createObjectURL(await read());
  save(url, `${fileName(title)}.parquet`);
  setTimeout(() => URL.revokeObjectURL(url));
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
