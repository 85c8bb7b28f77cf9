import type { TileDataShape } from "../../../api/generated";
import { exactIn, momentOf, numberOf } from "../../../charts/data";
import { changeText } from "../../explore/result/figures";
import { placeOf, valueOf } from "./number";

const DAY_MS = 86_400_000;

/** The earlier range in words: 23 Nov – 29 Nov, or with its hours. */
export function beforeRange({ start, end }: NonNullable<TileDataShape["before"]>): string {
  const [from, until] = [start, end].map((text) => Date.parse(`${text.slice(0, 19)}Z`));
  if (from === undefined || until === undefined) return "";
  const isWhole = from % DAY_MS === 0 && until % DAY_MS === 0;
  // Its end is the first moment after it.
  const last = isWhole ? until - DAY_MS : until;
  return last === from ? momentOf(from) : `${momentOf(from)} – ${momentOf(last)}`;
}

/** What became of a number since the earlier range, and what it was; none where it is not compared. */
export function changeOf(data: TileDataShape): { readonly change: string; readonly was: string } | null {
  if (!data.before) return null;
  const at = placeOf(data);
  const was = numberOf(data.before.rows[0]?.[at]);
  if (was === null) return { change: "nothing before", was: `No value in ${beforeRange(data.before)}` };
  return { change: changeText(valueOf(data), was) || (was === 0 ? "0 before" : "–"), was: `${exactIn(data, at, was)} in ${beforeRange(data.before)}` };
}
