/** What each drawn part carries: which row of the answer it is, so that a click opens its rows. */
export type Point = { readonly row: number };

/** The row of what was clicked; null for what is no part of the answer. */
export function rowOf(data: unknown): number | null {
  if (typeof data !== "object" || data === null || !("row" in data)) return null;
  return typeof data.row === "number" && data.row >= 0 ? data.row : null;
}
