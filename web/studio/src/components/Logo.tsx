/** Three steps up. */
export function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden focusable="false">
      <g fill="var(--accent)">
        <rect x="2" y="11" width="4" height="7" rx="2" />
        <rect x="8" y="7" width="4" height="11" rx="2" />
        <rect x="14" y="2" width="4" height="16" rx="2" />
      </g>
    </svg>
  );
}
