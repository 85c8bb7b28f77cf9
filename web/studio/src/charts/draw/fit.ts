/** Pixels that a chart has. */
export type Size = { readonly width: number; readonly height: number };

const LETTER = 7;

/** About how wide a text is at 12 pixels. */
export function textWidth(text: string): number {
  return text.length * LETTER;
}

const LINE = 26;
const LABEL_MIN = 48;
const RADIUS_MIN = 44;
const LEGEND = 40;

/** Pixels of a pie's outer radius and of the labels beside it: it gives way, to a point, until they can be read. */
export function roundFit(names: readonly string[], { width, height }: Size): { readonly radius: number; readonly label: number } {
  const half = Math.min(width, height - LEGEND) / 2;
  const longest = Math.max(LABEL_MIN, ...names.flatMap((name) => inTwo(name).split("\n")).map(textWidth));
  const radius = Math.max(RADIUS_MIN, half * 0.38, Math.min(half * 0.78, width / 2 - LINE - longest));
  return { radius: Math.round(radius), label: Math.round(Math.max(0, width / 2 - radius - LINE)) };
}

const WHOLE_MAX = 11;

/** A long name in two lines, broken where it has a joint. */
export function inTwo(name: string): string {
  if (name.length <= WHOLE_MAX) return name;
  const joints = [...name.matchAll(/[_\-./ ]/g)].map(({ index }) => index + 1).filter((at) => at < name.length);
  const best = joints.reduce((found, at) => (Math.abs(at - name.length / 2) < Math.abs(found - name.length / 2) ? at : found), 0);
  return best > 0 ? `${name.slice(0, best).trimEnd()}\n${name.slice(best)}` : name;
}

/** What tells one address from another on the same axis; the tooltip has the whole. */
export function axisWord(word: string): string {
  const [, path] = /^https?:\/\/[^/]+(\/.*)?$/.exec(word) ?? [];
  return path ?? word;
}

const AXIS = 60;
const GAP = 8;
const WORD = 96;
const TILTED_HEIGHT = 160;
const TILTED_SLOT = 17;

/** How words stand below an axis so that each is there: flat if they fit, else tilted; some are left out where neither does. */
export function axisFit(words: readonly string[], { width, height }: Size): Readonly<Record<string, unknown>> {
  const slot = (width - AXIS) / Math.max(1, words.length);
  const longest = Math.min(WORD, Math.max(0, ...words.map((word) => textWidth(axisWord(word)))));
  const plain = { formatter: axisWord, width: WORD, overflow: "truncate" };
  if (longest + GAP <= slot) return plain;
  if (longest > TILTED_SLOT && slot >= TILTED_SLOT && height >= TILTED_HEIGHT) return { ...plain, rotate: 38, interval: 0, hideOverlap: false };
  return plain;
}

/** Whether a text fits a part of this share of the whole place, of which it should not be cut. */
export function isRoomy(share: number, { width, height }: Size): boolean {
  return Math.sqrt(Math.max(0, share) * width * height) >= 52;
}
