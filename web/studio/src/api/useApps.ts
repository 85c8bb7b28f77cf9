import { useQuery } from "@tanstack/react-query";
import { readApps } from "./client";
import type { Apps } from "./generated";

/** The project and its apps; null until they are known. Asked for once for all who use it. */
export function useApps(): Apps | null {
  return useQuery({ queryKey: ["apps"], queryFn: ({ signal }) => readApps(signal) }).data ?? null;
}
