import { has, read } from "../../../api/client";
import type { Deliveries, Paused } from "../../../api/generated";

function isDeliveries(value: unknown): value is Deliveries {
  return has(value, "at", "deliveries") && Array.isArray(value.deliveries);
}

export function readDeliveries(signal?: AbortSignal): Promise<Deliveries> {
  return read("/api/deliveries", isDeliveries, { signal });
}

function isPaused(value: unknown): value is Paused {
  return has(value, "paused_at");
}

export function pauseDelivery(name: string): Promise<Paused> {
  return read(`/api/deliveries/${encodeURIComponent(name)}/pause`, isPaused, { method: "POST" });
}

export function resumeDelivery(name: string): Promise<Paused> {
  return read(`/api/deliveries/${encodeURIComponent(name)}/resume`, isPaused, { method: "POST" });
}
