type Rgb = readonly [number, number, number];

/** Red, green and blue of a colour as the browser computes it, `rgb(1, 2, 3)`. */
function rgb(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** A colour between two; 0 is the first. */
export function mixed(from: string, to: string, share: number): string {
  const [left, right] = [rgb(from), rgb(to)];
  const part = (at: 0 | 1 | 2) => Math.round(left[at] + (right[at] - left[at]) * share);
  return `rgb(${part(0)}, ${part(1)}, ${part(2)})`;
}

function light(part: number): number {
  const share = part / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** Black or white, whichever is read better on a colour. */
export function onColour(colour: string): string {
  const [red, green, blue] = rgb(colour);
  const luminance = 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue);
  return luminance > 0.2 ? "#14110e" : "#ffffff";
}
