import { has, read, type Shape, tell } from "../../api/client";
import type { Members, Segment, SegmentChanges, SegmentDefined, SegmentPreview, SegmentShown, SegmentSize, SegmentsListed, Overlap } from "../../api/generated";

const isListed: Shape<SegmentsListed> = (value): value is SegmentsListed => has(value, "segments");
const isShown: Shape<SegmentShown> = (value): value is SegmentShown => has(value, "segment", "words", "sizes", "versions");
const isDefined: Shape<SegmentDefined> = (value): value is SegmentDefined => has(value, "segment", "words", "notes");
const isPreview: Shape<SegmentPreview> = (value): value is SegmentPreview => has(value, "words", "size", "total");
const isSize: Shape<SegmentSize> = (value): value is SegmentSize => has(value, "at", "size", "total");
const isMembers: Shape<Members> = (value): value is Members => has(value, "kind", "members");
const isChanges: Shape<SegmentChanges> = (value): value is SegmentChanges => has(value, "since", "until", "joined", "left");
const isOverlap: Shape<Overlap> = (value): value is Overlap => has(value, "names", "regions");

function at(name: string): string {
  return `/api/segments/${encodeURIComponent(name)}`;
}

export function listSegments(signal?: AbortSignal): Promise<SegmentsListed> {
  return read("/api/segments", isListed, { signal });
}

export function readSegment(name: string, signal?: AbortSignal): Promise<SegmentShown> {
  return read(at(name), isShown, { signal });
}

export type Saving = { readonly title: string; readonly every: "hour" | "day" | "week" | "off"; readonly version: number };

export function saveSegment(name: string, definition: Segment, saving: Saving): Promise<SegmentDefined> {
  return read(at(name), isDefined, { method: "PUT", body: { definition, ...saving } });
}

export function saveNumber(name: string, body: { readonly model: string; readonly question: unknown; readonly cell: string; readonly form: "definition" | "list"; readonly title: string }): Promise<SegmentDefined> {
  return read(`${at(name)}/save`, isDefined, { body: { ...body, version: 0 } });
}

export function importList(name: string, ids: readonly string[], unit: "visitor" | "user", app: string, title: string): Promise<SegmentDefined> {
  return read(`${at(name)}/list`, isDefined, { method: "PUT", body: { ids, unit, app, title, version: 0 } });
}

export function dropSegment(name: string): Promise<void> {
  return tell(at(name), { method: "DELETE" });
}

export function refreshSegment(name: string): Promise<SegmentSize> {
  return read(`${at(name)}/refresh`, isSize, { body: {} });
}

export function previewSegment(definition: Segment, signal?: AbortSignal): Promise<SegmentPreview> {
  return read("/api/segments/preview", isPreview, { signal, body: { definition } });
}

export function segmentMembers(name: string, after: string | null, limit: number, signal?: AbortSignal): Promise<Members> {
  return read(`${at(name)}/members`, isMembers, { signal, body: { after, limit } });
}

/** How many came and went between two refreshes; null: the last two. */
export function changesOf(name: string, since: number | null, until: number | null, signal?: AbortSignal): Promise<SegmentChanges> {
  return read(`${at(name)}/changes`, isChanges, { signal, body: { since, until } });
}

export type Which = "joined" | "left";

export function changedMembers(name: string, which: Which, { since, until }: SegmentChanges, after: string | null, limit: number, signal?: AbortSignal): Promise<Members> {
  return read(`${at(name)}/changes/members`, isMembers, { signal, body: { which, since, until, after, limit } });
}

export function overlapOf(names: readonly string[], signal?: AbortSignal): Promise<Overlap> {
  return read("/api/segments/overlap", isOverlap, { signal, body: { names } });
}

export function regionMembers(names: readonly string[], inside: readonly boolean[], after: string | null, limit: number, signal?: AbortSignal): Promise<Members> {
  return read("/api/segments/overlap/members", isMembers, { signal, body: { names, inside, after, limit } });
}

/** A name for addresses, filters and commands, made of a title and like none that there is. */
export function nameOf(title: string, taken: readonly string[]): string {
  const plain = title.normalize("NFKD").toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 50) || "segment";
  let name = plain;
  for (let number = 2; taken.includes(name); number += 1) name = `${plain}-${number}`;
  return name;
}
