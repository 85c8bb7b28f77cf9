import { has, read, tell } from "../../../api/client";
import type { DefinitionList, Difference, Listed } from "../../../api/generated";

/** What a definition is told, as in settings. */
export type Options = Readonly<Record<string, string | number | boolean | readonly string[]>>;

function isList(value: unknown): value is DefinitionList {
  return has(value, "definitions") && Array.isArray(value.definitions);
}

function isListed(value: unknown): value is Listed {
  return has(value, "name", "version", "state");
}

function isDifference(value: unknown): value is Difference {
  return has(value, "name_a", "name_b", "a", "b", "samples") && Array.isArray(value.samples);
}

function at(name: string): string {
  return `/api/sessions/definitions/${encodeURIComponent(name)}`;
}

export function readDefinitions(signal?: AbortSignal): Promise<DefinitionList> {
  return read("/api/sessions/definitions", isList, { signal });
}

export function readDifference(a: string, b: string, signal?: AbortSignal): Promise<Difference> {
  const query = new URLSearchParams({ a, b, samples: "20" });
  return read(`/api/sessions/diff?${query}`, isDifference, { signal });
}

export function addDefinition(name: string, options: Options): Promise<Listed> {
  return read(at(name), isListed, { method: "PUT", body: { options } });
}

export function switchTo(name: string): Promise<void> {
  return tell(`${at(name)}/switch`, { method: "POST" });
}

export function dropDefinition(name: string): Promise<void> {
  return tell(at(name), { method: "DELETE" });
}
