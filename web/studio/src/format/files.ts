import type { TileDataShape } from "../api/generated";

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

export function saveBlob(title: string, data: Blob, suffix: string): void {
  const url = URL.createObjectURL(data);
  saveData(title, url, suffix);
  // The browser has taken it once this task is over.
  setTimeout(() => URL.revokeObjectURL(url));
}

/** What an address of data has, as a file named after its title. */
export function saveData(title: string, address: string, suffix: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = `${fileName(title)}.${suffix}`;
  link.click();
}

function fileName(title: string): string {
  return title.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "") || "tile";
}
