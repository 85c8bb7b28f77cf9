import { has, read } from "../../../api/client";
import type { Deliveries } from "../../../api/generated";

function isDeliveries(value: unknown): value is Deliveries {
  return has(value, "at", "deliveries") && Array.isArray(value.deliveries);
}

export function readDeliveries(signal?: AbortSignal): Promise<Deliveries> {
  return read("/api/deliveries", isDeliveries, { signal });
}
