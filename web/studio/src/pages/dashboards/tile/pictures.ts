import type { TileDataShape } from "../../../api/generated";
import { drawn, isDrawn } from "../../../charts/draw/draw";
import { type Palette, readPalette } from "../../../charts/palette";
import type { ChartKind } from "../../../charts/draw/draw";
import { saveData } from "../../../format/files";
import { wordsOf } from "./number";

const PNG = { width: 960, height: 540 };

export async function savePng(title: string, kind: ChartKind, data: TileDataShape): Promise<void> {
  const palette = readPalette();
  if (kind === "number") saveData(title, pictureOf(wordsOf(data), palette), "png");
  if (!isDrawn(kind)) return;
  const { pngOf } = await import("../../../charts/png");
  saveData(title, pngOf(drawn(kind, data, palette, PNG), PNG.width, PNG.height, palette.raised), "png");
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
