/** Where an event is: what the address of an open drawer holds. */
export type EventPlace = {
  readonly requestId: string;
  readonly requestIndex: number;
  readonly logOffset: number;
};

const PATTERN = /^([0-9a-f-]{36})\.(\d{1,9})\.(\d{1,15})$/;

/** `request id.index.offset`, as it stands in the address. */
export function formatPlace(place: EventPlace): string {
  return `${place.requestId}.${place.requestIndex}.${place.logOffset}`;
}

/** Inverse of `formatPlace`; null for anything else. */
export function parsePlace(text: string): EventPlace | null {
  const match = PATTERN.exec(text);
  if (!match?.[1]) return null;
  return { requestId: match[1], requestIndex: Number(match[2]), logOffset: Number(match[3]) };
}
