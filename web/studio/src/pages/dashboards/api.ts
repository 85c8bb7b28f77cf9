import { has, read, readFile, type Shape, tell } from "../../api/client";
import type {
  Dashboard,
  DashboardLinks,
  DashboardsListed,
  Filter,
  KeptDashboard,
  NewDashboardLink,
  Range,
  ReadyListed,
  RowsBehindShape,
  SegmentPart,
  Tile,
  TileDataShape,
} from "../../api/generated";
import type { Compare } from "../../components/scene/scene";

/** What holds for all tiles. */
export type Scene = { readonly range: Range; readonly filters: readonly Filter[]; readonly zone: string };

/** One part of a chart: values of its columns, or a report's key and as of when its segments were. */
export type Segment = { readonly parts: readonly SegmentPart[]; readonly cell: string | null; readonly at: string | null };

const isListed: Shape<DashboardsListed> = (value): value is DashboardsListed => has(value, "dashboards");
const isReady: Shape<ReadyListed> = (value): value is ReadyListed => has(value, "dashboards");
const isKept: Shape<KeptDashboard> = (value): value is KeptDashboard => has(value, "name", "definition", "version");
const isLinks: Shape<DashboardLinks> = (value): value is DashboardLinks => has(value, "links");
const isNewLink: Shape<NewDashboardLink> = (value): value is NewDashboardLink => has(value, "link", "path");
const isBehind: Shape<RowsBehindShape> = (value): value is RowsBehindShape => has(value, "columns", "rows", "count");
export const isTileData: Shape<TileDataShape> = (value): value is TileDataShape => has(value, "columns", "rows", "roles");

export function listReady(signal?: AbortSignal): Promise<ReadyListed> {
  return read("/api/ready-dashboards", isReady, { signal });
}

/** It becomes a dashboard of the project, published; of one app alone unless that is "". */
export function addReady(name: string, app: string): Promise<KeptDashboard> {
  const only = app ? `?app=${encodeURIComponent(app)}` : "";
  return read(`/api/ready-dashboards/${encodeURIComponent(name)}${only}`, isKept, { method: "POST" });
}

function at(name: string): string {
  return `/api/dashboards/${encodeURIComponent(name)}`;
}

export function listDashboards(signal?: AbortSignal): Promise<DashboardsListed> {
  return read("/api/dashboards", isListed, { signal });
}

export function readDashboard(name: string, isPublished: boolean, signal?: AbortSignal): Promise<KeptDashboard> {
  return read(`${at(name)}${isPublished ? "?published=true" : ""}`, isKept, { signal });
}

export function saveDashboard(name: string, definition: Dashboard, version: number, isPublished: boolean): Promise<KeptDashboard> {
  return read(at(name), isKept, { method: "PUT", body: { definition, version, is_published: isPublished } });
}

export function discardDraft(name: string): Promise<KeptDashboard> {
  return read(`${at(name)}/discard`, isKept, { method: "POST" });
}

export function removeDashboard(name: string): Promise<void> {
  return tell(at(name), { method: "DELETE" });
}

export function readLinks(name: string, signal?: AbortSignal): Promise<DashboardLinks> {
  return read(`${at(name)}/links`, isLinks, { signal });
}

export function makeLink(name: string): Promise<NewDashboardLink> {
  return read(`${at(name)}/links`, isNewLink, { method: "POST" });
}

export function endLink(name: string, id: string): Promise<void> {
  return tell(`${at(name)}/links/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function readTile(tile: Tile, scene: Scene, signal?: AbortSignal, compare: Compare = "none"): Promise<TileDataShape> {
  return read("/api/tiles", isTileData, { signal, body: { tile, ...scene, compare } });
}

export function readTileParquet(tile: Tile, scene: Scene): Promise<Blob> {
  return readFile("/api/tiles/parquet", { body: { tile, ...scene } });
}

export function readRows(tile: Tile, scene: Scene, segment: Segment, signal?: AbortSignal): Promise<RowsBehindShape> {
  const { parts, cell, at: moment } = segment;
  return read("/api/tiles/rows", isBehind, { signal, body: { tile, ...scene, parts, cell, segments_at: moment } });
}
