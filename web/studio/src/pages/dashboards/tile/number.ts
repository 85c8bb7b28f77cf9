import { type ChartData, columnAt, numberOf, shortNumber } from "../../../charts/data";

/** What a tile that is one number shows. */
export function valueOf(data: ChartData): number | null {
  const at = columnAt(data, data.roles.y?.[0]);
  return numberOf(data.rows[0]?.[at < 0 ? 0 : at]);
}

export function wordsOf(data: ChartData): string {
  return shortNumber(valueOf(data));
}
