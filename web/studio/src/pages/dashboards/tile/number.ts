import { type ChartData, columnAt, exactIn, numberOf, shortIn } from "../../../charts/data";

/** What a tile that is one number shows. */
export function valueOf(data: ChartData): number | null {
  return numberOf(data.rows[0]?.[placeOf(data)]);
}

/** Which column is the number. */
export function placeOf(data: ChartData): number {
  return Math.max(0, columnAt(data, data.roles.y?.[0]));
}

export function wordsOf(data: ChartData): string {
  return shortIn(data, placeOf(data), valueOf(data));
}

export function exactWordsOf(data: ChartData): string {
  return exactIn(data, placeOf(data), valueOf(data));
}
