import { useQuery } from "@tanstack/react-query";
import { has, read, type Shape } from "../../api/client";
import type { SqlReference } from "../../api/generated";

const isReference: Shape<SqlReference> = (value): value is SqlReference => has(value, "functions", "limits");

/** Functions that statements may call and the limits that they have; null until they are known. */
export function useReference(): SqlReference | null {
  return useQuery({ queryKey: ["sql", "reference"], queryFn: ({ signal }) => read("/api/sql/reference", isReference, { signal }), staleTime: Infinity }).data ?? null;
}
