/** A name that no dashboard has yet. */
export function freshName(taken: readonly string[]): string {
  const known = new Set(taken);
  let number = 1;
  while (known.has(`dashboard-${number}`)) number += 1;
  return `dashboard-${number}`;
}
