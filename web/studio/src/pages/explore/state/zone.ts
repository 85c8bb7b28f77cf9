import type { Apps } from "../../../api/generated";

/** The app's zone, or what all apps have; else UTC. */
export function zoneOf(apps: Apps | null, app: string): string {
  const shown = apps?.apps.filter((one) => !app || one.app.app_id === app) ?? [];
  const zones = [...new Set(shown.map((one) => one.app.time_zone ?? "UTC"))];
  return zones.length === 1 && zones[0] ? zones[0] : "UTC";
}
