/** Colours of charts, from the page's variables, so that both themes and the charts agree. */
export type Palette = {
  readonly accent: string;
  readonly soft: string;
  readonly line: string;
  readonly text: string;
  readonly muted: string;
  readonly raised: string;
  readonly failure: string;
  readonly sunken: string;
  /** Ten that the common faults of colour vision and grey paper keep apart; the first is the accent. */
  readonly series: readonly string[];
};

export const SERIES_COLOURS = 10;

export function readPalette(): Palette {
  // A colour of the system has a name in a variable and a value in a property only.
  const probe = document.createElement("span");
  probe.style.setProperty("forced-color-adjust", "none");
  document.body.append(probe);
  const color = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    accent: color("--accent"),
    soft: color("--accent-soft"),
    line: color("--line"),
    text: color("--text"),
    muted: color("--muted"),
    raised: color("--raised"),
    failure: color("--failure"),
    sunken: color("--sunken"),
    series: Array.from({ length: SERIES_COLOURS }, (_, at) => color(`--chart-${at + 1}`)),
  };
  probe.remove();
  return palette;
}
