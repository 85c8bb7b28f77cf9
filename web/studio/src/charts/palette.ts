/** Colours of charts, from the page's variables, so that both themes and the charts agree. */
export type Palette = {
  readonly accent: string;
  readonly soft: string;
  readonly line: string;
  readonly text: string;
  readonly muted: string;
  readonly raised: string;
};

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    accent: color("--accent"),
    soft: color("--accent-soft"),
    line: color("--line"),
    text: color("--text"),
    muted: color("--muted"),
    raised: color("--raised"),
  };
}
